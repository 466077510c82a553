//! Enums whose values have names, by which calls, definitions and results refer to them.

use crate::error::{Error, Result};
use crate::support::similarity::nearest;

/// Implements the names of an enum: `ALL`, `NAMES`, `name` and `Display`.
///
/// A noun in Chinese and English, for errors, adds `from_name` and `FromStr`. Patterns in place of values leave out
/// `ALL`, as such values have contents.
/// ```text
/// named_enum! { pub Method, "检验方法", "method"; Auto = "auto", Exact = "exact", Normal = "normal" }
/// named_enum! { pub(crate) Begun; Risen = "risen", Appeared = "appeared" }
/// named_enum! { pub Resolution; Self::Same(_) => "same", Self::Merged { .. } => "merged" }
/// ```
macro_rules! named_enum {
    ($vis:vis $enum:ty, $zh:literal, $en:literal; $($value:ident $(($($content:tt)+))? = $name:literal),+ $(,)?) => {
        $crate::support::named::named_enum! { $vis $enum; $($value $(($($content)+))? = $name),+ }

        impl $enum {
            /// Returns the value called `name`; the error for any other name lists all names.
            $vis fn from_name(name: &str) -> $crate::error::Result<Self> {
                $crate::support::named::look_up(($zh, $en), name, &Self::ALL, &Self::NAMES)
            }
        }

        impl std::str::FromStr for $enum {
            type Err = $crate::error::Error;

            fn from_str(name: &str) -> $crate::error::Result<Self> {
                Self::from_name(name)
            }
        }
    };
    ($vis:vis $enum:ty; $($value:ident $(($($content:tt)+))? = $name:literal),+ $(,)?) => {
        #[allow(dead_code, reason = "results only name values, options only look them up")]
        impl $enum {
            /// Every value, in order.
            $vis const ALL: [Self; [$($name),+].len()] = [$(Self::$value $(($($content)+))?),+];

            /// Name of each value, in the order of [`ALL`](Self::ALL).
            $vis const NAMES: [&'static str; Self::ALL.len()] = [$($name),+];

            /// Returns the name used in calls, definitions and results.
            #[must_use]
            $vis fn name(self) -> &'static str {
                match self { $(Self::$value $(($($content)+))? => $name),+ }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
    ($vis:vis $enum:ty; $($value:pat => $name:literal),+ $(,)?) => {
        #[allow(dead_code, reason = "results only name values, options only list the names")]
        impl $enum {
            /// Name of each kind of value, in order.
            $vis const NAMES: [&'static str; [$($name),+].len()] = [$($name),+];

            /// Returns the name used in calls, definitions and results.
            #[must_use]
            $vis fn name(&self) -> &'static str {
                match self { $($value => $name),+ }
            }
        }

        impl std::fmt::Display for $enum {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}
pub(crate) use named_enum;

/// Returns the value of `all` at the position of `name` in `names`; `noun` says in both languages what has the name.
pub(crate) fn look_up<T: Copy>(noun: (&str, &str), name: &str, all: &[T], names: &[&str]) -> Result<T> {
    let at = names.iter().position(|known| *known == name);
    at.and_then(|at| all.get(at).copied()).ok_or_else(|| no_such(noun, name, names.iter().copied()))
}

/// Builds the error for a `name` that is none of `names`, with the one that it probably misspells.
pub(crate) fn no_such<'a>((zh, en): (&str, &str), name: &str, names: impl Iterator<Item = &'a str> + Clone) -> Error {
    let (hint_zh, hint_en) = nearest(name, names.clone()).map_or_else(Default::default, |near| {
        (format!("。是不是“{near}”？"), format!(". Hint: did you mean '{near}'?"))
    });
    let names: Vec<_> = names.collect();
    Error::argument(
        format!("没有名为“{name}”的{zh}。可用：{}{hint_zh}", names.join("、")),
        format!("there is no {en} '{name}'. Available: {}{hint_en}", names.join(", ")),
    )
    .with_value(name)
}

#[cfg(test)]
mod tests {
    use crate::lang::Lang;

    #[derive(Clone, Copy, Debug, PartialEq, Eq)]
    enum Star {
        Three,
        Half(bool),
    }

    named_enum! { Star, "星级", "grade"; Three = "three", Half(true) = "half", Half(false) = "half_less" }

    enum Fate {
        Kept,
        Moved(u32),
    }

    named_enum! { Fate; Self::Kept => "kept", Self::Moved(0) => "stayed", Self::Moved(_) => "moved" }

    #[test]
    fn names_lead_to_values_and_back() {
        for (star, name) in Star::ALL.into_iter().zip(Star::NAMES) {
            assert_eq!(
                (star.name(), Star::from_name(name).unwrap(), name.parse::<Star>().unwrap()),
                (name, star, star)
            );
        }
        assert_eq!(format!("{:>6}|{}|{}", Star::Half(true), Fate::Kept, Fate::Moved(2)), "  half|kept|moved");
        assert_eq!(Fate::NAMES, ["kept", "stayed", "moved"]);
    }

    #[test]
    fn another_name_is_answered_with_the_nearest() {
        let error = Star::from_name("tree").unwrap_err();
        assert_eq!(
            error.message(Lang::En),
            "there is no grade 'tree'. Available: three, half, half_less. Hint: did you mean 'three'?"
        );
        assert_eq!(error.message(Lang::Zh), "没有名为“tree”的星级。可用：three、half、half_less。是不是“three”？");
        let error = Star::from_name("x").unwrap_err();
        assert_eq!(error.message(Lang::En), "there is no grade 'x'. Available: three, half, half_less");
    }
}
