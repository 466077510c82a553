//! Reads marks: yes and no, and stars.

use super::content::{Cell, CellResult, compact};
use super::numbers::{chinese_digit, number};
use crate::ingest::problem::Code;

/// Reads yes or no. 无 is no: the column asks whether there is one.
pub(crate) fn flag(cell: &Cell<'_>) -> CellResult<bool> {
    if let Cell::Flag(flag) = cell {
        return Ok(Some(*flag));
    }
    let Some(text) = cell.text()? else { return Ok(None) };
    // Try the common spellings before normalising the text.
    let known = yes_or_no(&text).or_else(|| {
        let text = compact(&text);
        yes_or_no(if text.is_ascii() { text.to_ascii_uppercase() } else { text.into_owned() }.as_str())
    });
    known.map(Some).ok_or(Code::UnreadableFlag)
}

fn yes_or_no(text: &str) -> Option<bool> {
    // V is a tick typed on a keyboard. A circle and a crossed box (○ ☒) are ambiguous, so neither is read.
    Some(match text {
        "1" | "是" | "√" | "有" | "✓" | "✔" | "●" | "☑" | "■" | "Y" | "V" | "T" | "1.0" | "YES" | "TRUE" | "对"
        | "已建" | "已建立" | "已组建" | "已成立" | "已授牌" => true,
        "0" | "否" | "×" | "无" | "✗" | "✘" | "✕" | "✖" | "☐" | "□" | "N" | "X" | "F" | "0.0" | "NO" | "FALSE"
        | "不是" | "没有" | "未建" | "未建立" | "未组建" | "未成立" | "未授牌" => false,
        _ => return None,
    })
}

/// Words for "not rated".
const UNRATED: [&str; 12] =
    ["未评", "未评星", "未评定", "未评级", "未参评", "未参加评定", "不定星", "未定星", "无星", "无星级", "无", "暂无"];

/// Reads a star grade in half steps up to five; words for "not rated" give no grade.
pub(crate) fn star(cell: &Cell<'_>) -> CellResult<f32> {
    let grade = if let Cell::Number(number) = cell {
        *number
    } else {
        let Some(text) = cell.text()? else { return Ok(None) };
        let text = compact(&text);
        if UNRATED.contains(&&*text) {
            return Ok(None);
        }
        grade(&text).ok_or(Code::UnreadableStar)?
    };
    let halves = grade * 2.0;
    if (1.0..=10.0).contains(&halves) && halves.fract() == 0.0 {
        Ok(Some(grade as f32))
    } else {
        Err(Code::ImpossibleValue)
    }
}

fn grade(text: &str) -> Option<f64> {
    let glyph = |c: char| matches!(c, '★' | '⭐');
    if text.contains(glyph) {
        // An empty star pads the row to five. U+FE0F after ⭐ requests the coloured form.
        let only = text.chars().all(|c| glyph(c) || matches!(c, '☆' | '\u{fe0f}'));
        return only.then(|| text.chars().filter(|c| glyph(*c)).count() as f64);
    }
    let bare = text.strip_suffix('级').unwrap_or(text);
    let bare = bare.strip_suffix('星').unwrap_or(bare);
    let bare = bare.strip_suffix(['颗', '个']).unwrap_or(bare);
    let word = |c| chinese_digit(c).filter(|digit| *digit > 0).map(f64::from);
    let mut chars = bare.chars();
    match (chars.next(), chars.next()) {
        (Some('两'), None) => Some(2.0),
        (Some(c), None) if word(c).is_some() => word(c),
        (Some(c), Some('半')) if chars.next().is_none() => word(c).map(|n| n + 0.5),
        _ => number(&Cell::Text(bare)).ok().flatten(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use Cell::{Flag, Number, Text};

    #[test]
    fn stars() {
        for (written, grade) in [
            (Text("3"), 3.0),
            (Text("三星"), 3.0),
            (Text("三星级"), 3.0),
            (Text("3星"), 3.0),
            (Text("３星级"), 3.0),
            (Text("三颗星"), 3.0),
            (Text("★★★"), 3.0),
            (Text("★★★☆☆"), 3.0),
            (Text("⭐️⭐️⭐️"), 3.0),
            (Number(3.0), 3.0),
            (Text("3.5"), 3.5),
            (Text("四半星"), 4.5),
            (Text("两星"), 2.0),
            (Number(0.5), 0.5),
            (Text("五 星 级"), 5.0),
        ] {
            assert_eq!(star(&written), Ok(Some(grade)), "{written:?}");
        }
        for unrated in ["未评", "未评星", "不定星", "", "－", "无", "N/A"] {
            assert_eq!(star(&Text(unrated)), Ok(None), "{unrated}");
        }
        for outside in [Text("6"), Text("8星"), Number(0.0), Number(3.2), Text("-1")] {
            assert_eq!(star(&outside), Err(Code::ImpossibleValue), "{outside:?}");
        }
        for unreadable in [Text("三星半"), Text("优"), Text("星"), Text("★三"), Text("零星"), Flag(true)] {
            assert_eq!(star(&unreadable), Err(Code::UnreadableStar), "{unreadable:?}");
        }
    }

    #[test]
    fn flags() {
        for yes in ["是", "有", "√", "✓", "✔", "●", "☑", "Y", "y", "1", "１", "true", " 是 ", "Yes", "v", "已建立"]
        {
            assert_eq!(flag(&Text(yes)), Ok(Some(true)), "{yes}");
        }
        for no in ["否", "无", "×", "N", "n", "0", "false", "✗", "x", "□", "未建", "没有"] {
            assert_eq!(flag(&Text(no)), Ok(Some(false)), "{no}");
        }
        assert_eq!(flag(&Number(1.0)), Ok(Some(true)));
        assert_eq!(flag(&Flag(false)), Ok(Some(false)));
        for nothing in ["—", "", "N/A"] {
            assert_eq!(flag(&Text(nothing)), Ok(None), "{nothing}");
        }
        for unreadable in [Text("待定"), Text("不详"), Text("○"), Text("☒"), Text("是/否"), Number(2.0)] {
            assert_eq!(flag(&unreadable), Err(Code::UnreadableFlag), "{unreadable:?}");
        }
    }
}
