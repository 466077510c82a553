//! Normalisation of headers and words for comparison: removes variations between offices that carry no meaning.

use std::borrow::Cow;

/// Folds `text`: removes white space and quotation marks, makes characters half-width and lower case, and turns
/// brackets of every kind into round ones.
pub(crate) fn folded(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_') {
        return Cow::Borrowed(text);
    }
    let signs = text.chars().filter(|c| !is_space(*c) && !is_quote(*c)).map(half_width);
    let signs = signs.map(|c| match c {
        '[' | '{' | '【' | '〔' | '〖' | '「' | '『' | '﹝' => '(',
        ']' | '}' | '】' | '〕' | '〗' | '」' | '』' | '﹞' => ')',
        _ => c.to_ascii_lowercase(),
    });
    Cow::Owned(signs.collect())
}

/// Normalises a name: no white space, half-width, upper case. Offices differ in brackets and spaces.
pub(crate) fn name(text: &str) -> Cow<'_, str> {
    let text = plain(text);
    if text.bytes().any(|b| b.is_ascii_lowercase()) { Cow::Owned(text.to_ascii_uppercase()) } else { text }
}

fn is_quote(c: char) -> bool {
    matches!(c, '"' | '\'' | '＂' | '＇' | '“' | '”' | '‘' | '’')
}

/// Strips a leading list number (`1.` `1、` `1-` `(1)` `一、` `①`) and trailing decoration from folded text: footnote
/// marks (`*` `①` `注1` `(注)`), a full stop, a colon, `(必填)`. Text that is nothing but decoration is kept.
pub(crate) fn undecorated(folded: &str) -> &str {
    let mut text = folded;
    while let Some(shorter) = without_number(text).or_else(|| without_mark(text)).filter(|rest| !rest.is_empty()) {
        text = shorter;
    }
    text
}

/// Maximum digits of a list number; longer numbers are years or codes.
const LONGEST_NUMBER: usize = 2;

fn without_number(text: &str) -> Option<&str> {
    if let Some(rest) = text.strip_prefix(|c: char| is_enclosed(c) || matches!(c, '*' | '※')) {
        return Some(rest);
    }
    let numeral = |c: char| c.is_ascii_digit() || "一二三四五六七八九十".contains(c);
    let number = |text: &str| text.chars().take_while(|c| numeral(*c)).count();
    let split = |text: &str, chars: usize| text.char_indices().nth(chars).map(|(at, _)| at);
    let (inside, bracketed) = text.strip_prefix('(').map_or((text, false), |inside| (inside, true));
    let digits = number(inside);
    if digits == 0 || digits > LONGEST_NUMBER {
        return None;
    }
    let rest = inside.get(split(inside, digits)?..)?;
    if bracketed {
        return rest.strip_prefix(')');
    }
    let chinese = !text.starts_with(|c: char| c.is_ascii_digit());
    let behind = |c: char| {
        if chinese { matches!(c, '、' | '.') } else { matches!(c, '.' | '、' | '-' | '—' | '–' | ')' | ':') }
    };
    let rest = rest.strip_prefix(behind)?;
    // `3.5` is one number; `4-1+N` is two.
    let is_decimal =
        text.get(digits..).is_some_and(|t| t.starts_with('.')) && rest.starts_with(|c: char| c.is_ascii_digit());
    (!is_decimal).then_some(rest)
}

fn without_mark(text: &str) -> Option<&str> {
    let bracketed = ["(注)", "(必填)", "(选填)", "(必填项)"];
    if let Some(rest) = bracketed.iter().find_map(|mark| text.strip_suffix(mark)) {
        return Some(rest);
    }
    if let Some(rest) =
        text.strip_suffix(|c: char| is_enclosed(c) || matches!(c, '*' | '※' | '。' | '.' | ':' | ';' | '；'))
    {
        return Some(rest);
    }
    let (inside, open) = text.strip_suffix(')').map_or((text, ""), |inside| (inside, "("));
    let bare = inside.trim_end_matches(|c: char| c.is_ascii_digit());
    let marked = bare.len() < inside.len() || open.is_empty();
    // 注 without a number may belong to 备注, so require more text before it.
    let long = |rest: &&str| bare.len() < inside.len() || rest.chars().count() > 1;
    bare.strip_suffix('注').filter(|_| marked)?.strip_suffix(open).filter(long)
}

/// Checks for enclosed or superscript numbers: ①, ⑴, ⒈ and similar.
fn is_enclosed(c: char) -> bool {
    matches!(c, '①'..='⒛' | '㈠'..='㈩' | '❶'..='❿' | '¹' | '²' | '³')
}

/// Normalises text for comparison: full-width ASCII becomes half-width, all white space is removed.
#[must_use]
pub fn plain(text: &str) -> Cow<'_, str> {
    if text.bytes().all(|b| b.is_ascii_graphic()) {
        return Cow::Borrowed(text);
    }
    Cow::Owned(text.chars().filter(|c| !is_space(*c)).map(half_width).collect())
}

/// Checks for white space and for invisible characters left in cells by copying: of no width, or that turn the
/// direction of writing.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace()
        || matches!(c, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{ad}')
}

/// Converts a full-width ASCII character to half-width; other characters are unchanged.
#[must_use]
pub fn half_width(c: char) -> char {
    match c {
        '！'..='～' => char::from_u32(c as u32 - 0xfee0).unwrap_or(c),
        _ => c,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_offices_vary_is_made_equal() {
        for (written, same) in [
            ("单位名称（全称）", "单位名称(全称)"),
            ("单位 名称\n【全称】", "单位名称(全称)"),
            ("单位名称〔全称〕", "单位名称(全称)"),
            ("单位名称［全称］", "单位名称(全称)"),
            ("是否担任“两代表一委员”", "是否担任两代表一委员"),
            ("ＯＲＧ＿ＩＤ", "org_id"),
            ("党\u{200b}员\u{a0}数\u{feff}", "党员数"),
            ("使用面积（㎡）", "使用面积(㎡)"),
        ] {
            assert_eq!(folded(written), same, "{written}");
        }
    }

    #[test]
    fn numbers_and_marks_are_taken_off_and_nothing_else() {
        for (decorated, bare) in [
            ("1.单位名称", "单位名称"),
            ("1、单位名称", "单位名称"),
            ("12-单位名称", "单位名称"),
            ("(1)单位名称", "单位名称"),
            ("（一）单位名称", "单位名称"),
            ("三、单位名称：", "单位名称"),
            ("①单位名称", "单位名称"),
            ("*单位名称", "单位名称"),
            ("单位名称*", "单位名称"),
            ("单位名称①", "单位名称"),
            ("单位名称注", "单位名称"),
            ("单位名称注1", "单位名称"),
            ("单位名称（注）", "单位名称"),
            ("单位名称（注2）", "单位名称"),
            ("2.单位名称。", "单位名称"),
            ("单位名称（必填）", "单位名称"),
            // Unchanged.
            ("备注", "备注"),
            ("注", "注"),
            ("一", "一"),
            ("1", "1"),
            ("35岁以下人数", "35岁以下人数"),
            ("3.5万元以上", "3.5万元以上"),
            ("4-1+N", "1+n"),
            ("2013.单位名称", "2013.单位名称"),
            ("1+N", "1+n"),
            ("区域覆盖(1+N)", "区域覆盖(1+n)"),
            ("党员(2)", "党员(2)"),
            ("第一书记", "第一书记"),
            ("一线职工", "一线职工"),
        ] {
            assert_eq!(undecorated(&folded(decorated)), bare, "{decorated}");
        }
    }
}
