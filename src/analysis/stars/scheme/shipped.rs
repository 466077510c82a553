//! The schemes shipped with the engine.

/// Ids and files of the shipped schemes.
pub(super) const ALL: [(&str, &str); 18] = [
    ("wuhao", include_str!("../../../../definitions/stars/wuhao.toml")),
    ("shaanxi", include_str!("../../../../definitions/stars/shaanxi.toml")),
    ("tongjiang", include_str!("../../../../definitions/stars/tongjiang.toml")),
    ("badong", include_str!("../../../../definitions/stars/badong.toml")),
    ("zoucheng", include_str!("../../../../definitions/stars/zoucheng.toml")),
    ("city_2023", include_str!("../../../../definitions/stars/city_2023.toml")),
    ("district", include_str!("../../../../definitions/stars/district.toml")),
    ("shizhi", include_str!("../../../../definitions/stars/shizhi.toml")),
    ("zhengxing", include_str!("../../../../definitions/stars/zhengxing.toml")),
    ("shengzhou", include_str!("../../../../definitions/stars/shengzhou.toml")),
    ("yunnan", include_str!("../../../../definitions/stars/yunnan.toml")),
    ("jifen", include_str!("../../../../definitions/stars/jifen.toml")),
    ("bozhou", include_str!("../../../../definitions/stars/bozhou.toml")),
    ("hubei", include_str!("../../../../definitions/stars/hubei.toml")),
    ("tianshi", include_str!("../../../../definitions/stars/tianshi.toml")),
    ("zhendi", include_str!("../../../../definitions/stars/zhendi.toml")),
    ("anqing", include_str!("../../../../definitions/stars/anqing.toml")),
    ("jiangsu", include_str!("../../../../definitions/stars/jiangsu.toml")),
];
