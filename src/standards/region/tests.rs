//! Tests of regions as a whole: the list, and every change of the record.

use super::list::LIST;
use super::*;

#[test]
fn the_whole_list_is_read() {
    let count = |level| LIST.regions.iter().filter(|r| r.level == level).count();
    assert_eq!(RegionLevel::ALL.map(count), [31, 342, 2978, 41352]); // data/README.md
    assert_eq!(changes().len(), 5276);
    for r in &LIST.regions {
        assert!(r.parent.is_none_or(|p| get(p).is_some()), "{}", r.code);
    }
}

#[test]
fn names_levels_and_paths() {
    let names: Vec<_> = path("150425100000").iter().map(|r| r.name).collect();
    assert_eq!(names, ["内蒙古自治区", "赤峰市", "克什克腾旗", "经棚镇"]);
    assert_eq!(at_level("150425100001", RegionLevel::County).as_deref(), Some("150425000000"));
    assert_eq!(at_level("150400", RegionLevel::County), None);
    assert_eq!(get("441900000000").map(|r| r.level), Some(RegionLevel::Prefecture));
    assert_eq!(name("152425000000"), Some("克什克腾旗"));
    assert_eq!(fill("370883").as_deref(), Some("370883000000"));
    assert_eq!(fill("37088"), None);
}

/// Formats a resolution in one line: its word, then codes of six digits with names, joined by `+`.
fn shown(resolution: &Resolution) -> String {
    let units = |units: &[Unit]| {
        let units: Vec<_> = units.iter().map(|u| format!("{}{}", &u.code[..6], u.name)).collect();
        units.join("+")
    };
    let what = match resolution {
        Resolution::Same(unit) | Resolution::Renamed(unit) | Resolution::Recoded(unit) => units(&[*unit]),
        Resolution::Merged { into, with } => format!("{} with {}", units(&[*into]), units(with)),
        Resolution::Split { parts } | Resolution::Ambiguous(parts) => units(parts),
        Resolution::Abolished { last: unit, year } | Resolution::NotYet { first: unit, year } => {
            format!("{} {year}", units(&[*unit]))
        }
        Resolution::NotInForce { unit, from, to } => format!("{} {from}-{to}", units(&[*unit])),
        Resolution::Unknown => String::new(),
    };
    format!("{} {what}", resolution.name())
}

#[test]
fn cases_by_hand() {
    for (written, of_year, reference, expected) in [
        // loc.dat has 110228 [1982-2015]密云县 (docs/field-notes.md, regions).
        ("110228", 2014, 2023, "recoded 110118密云区"),
        ("密云县", 2014, 2015, "recoded 110118密云区"),
        ("110118", 2023, 2000, "recoded 110228密云县"),
        ("110118", 2010, 2023, "not_in_force 110118密云区 2015-2026"),
        ("150425", 2013, 1982, "recoded 152425克什克腾旗"),
        ("152425101", 1982, 2013, "recoded 150425克什克腾旗"),
        ("150425100203", 2013, 2023, "same 150425经棚镇"),
        ("150425999000", 2013, 2023, "same 150425克什克腾旗"),
        // Chongwen was merged into Dongcheng in 2010, Zhabei into Jing'an in 2015.
        ("110103", 2009, 2023, "merged 110101东城区 with 110101东城区"),
        ("110101", 2013, 2009, "split 110101东城区+110103崇文区"),
        ("310108", 2014, 2023, "merged 310106静安区 with 310106静安区"),
        // Chongqing left Sichuan in 1997, Hainan Guangdong in 1988.
        ("510211", 1996, 2013, "recoded 500105江北区"),
        ("442133", 1987, 2023, "recoded 469029保亭黎族苗族自治县"),
        // A county-level city became a prefecture; its only district continues it.
        ("372501", 1996, 2023, "recoded 371502东昌府区"),
        ("512901", 1992, 2023, "split 511302顺庆区+511303高坪区+511304嘉陵区"),
        // In 2021 Linping was split off Yuhang, which kept its code.
        ("330110", 2020, 2023, "split 330110余杭区+330113临平区"),
        ("330113", 2023, 2019, "merged 330110余杭区 with 330110余杭区"),
        ("思茅市", 2006, 2023, "renamed 530800普洱市"),
        // After the list: two districts of Chongqing were merged in 2025.
        ("500112", 2024, 2026, "merged 500157两江新区 with 500105江北区"),
        ("500112", 2024, 2023, "same 500112渝北区"),
        ("370111", 1986, 2023, "abolished 370111郊区 1987"),
        ("659012", 2022, 2000, "not_yet 659012白杨市 2022"),
        ("鼓楼区", 2013, 2013, "ambiguous 320106鼓楼区+320302鼓楼区+350102鼓楼区+410204鼓楼区"),
        ("999999", 2013, 2013, "unknown "),
        ("15042", 2013, 2013, "unknown "),
        ("某某县", 2013, 2013, "unknown "),
    ] {
        assert_eq!(
            shown(&resolve(written, Some(of_year), reference)),
            expected,
            "{written} of {of_year} in {reference}"
        );
    }
    assert_eq!(shown(&resolve("152425000000", None, 2013)), "recoded 150425克什克腾旗");
}

/// Checks whether a unit resolved to 2023 is in the list, which is independent of the changes.
fn is_in_the_list(unit: &Unit) -> bool {
    get(unit.code).is_some_and(|r| r.name == unit.name)
}

#[test]
fn every_change_leads_to_the_list_or_says_why_not() {
    let (mut followed, mut merged, mut split, mut ended) = (0, 0, 0, 0);
    for change in changes().iter().filter(|c| c.kind != Kind::Other) {
        for reference in [LIST_YEAR, LAST_YEAR] {
            let (code, year) = match change.old_code {
                "" => (change.new_code, change.year),
                code => (code, change.year - 1),
            };
            let resolution = resolve(code, Some(year), reference);
            let of_list = |units: &[Unit]| reference != LIST_YEAR || units.iter().all(is_in_the_list);
            // The list lacks units set up after it and the three provinces that the record names.
            let beyond = year > LIST_YEAR || change.new_code.ends_with("0000000000") && year == 2013;
            let right = match &resolution {
                Resolution::Same(unit) | Resolution::Renamed(unit) | Resolution::Recoded(unit) => {
                    followed += 1;
                    of_list(&[*unit])
                }
                Resolution::Merged { into, with } => {
                    merged += 1;
                    of_list(&[*into]) && !with.is_empty()
                }
                Resolution::Split { parts } => {
                    split += 1;
                    of_list(parts) && parts.len() > 1
                }
                Resolution::Abolished { last, year } => {
                    ended += 1;
                    *year >= change.year && *year <= reference && !last.name.is_empty()
                }
                Resolution::NotYet { .. } => year > reference,
                _ => false,
            };
            assert!(right || beyond, "{change:?} in {reference}: {}", shown(&resolution));
        }
    }
    assert_eq!(followed + merged + split + ended + 2, 2 * (5276 - 64), "all that have a code");
    assert!(followed > 8000 && merged > 700 && split > 100 && ended > 300, "{followed} {merged} {split} {ended}");
}

#[test]
fn a_change_whose_new_code_is_in_the_list_leads_there() {
    let mut seen = 0;
    for change in changes().iter().filter(|c| c.kind == Kind::Continued && c.old_code != c.new_code && c.year > 1983) {
        let stays = changes().iter().all(|c| c.year <= change.year || c.old_code != change.new_code);
        let listed = get(change.new_code).is_some_and(|r| r.name == change.new_name);
        if !stays || !listed || change.old_code.get(..2) != change.new_code.get(..2) {
            continue;
        }
        seen += 1;
        let unit = resolve(change.old_code, Some(change.year - 1), LIST_YEAR).unit();
        assert_eq!(unit.map(|u| u.code), Some(change.new_code), "{change:?}");
    }
    assert!(seen > 1000, "{seen}");
}

#[test]
fn changes_without_codes_are_found_by_name() {
    let mut seen = 0;
    let (mut without, renamed) =
        (0, ["秀洲区", "虎丘区", "王益区", "赛罕区", "青山湖区", "维扬区", "华龙区", "浑南区"]);
    for change in changes().iter().filter(|c| c.kind == Kind::Other) {
        without += 1;
        if renamed.contains(&change.new_name) {
            // One of these districts entered the code lists only two years after its decree.
            let resolution = resolve(change.old_name, Some(change.year - 1), change.year + 2);
            assert_eq!(resolution.unit().map(|u| u.name), Some(change.new_name), "{}", shown(&resolution));
            seen += 1;
        }
    }
    assert_eq!((without, seen), (64, renamed.len()));
}
