//! Characters that markup writes as names or numbers: `&amp;`, `&#21333;`, `&radic;`.

/// Named characters that occur in tables of offices, beside the five of XML.
const NAMED: [(&str, &str); 58] = [
    ("amp", "&"),
    ("lt", "<"),
    ("gt", ">"),
    ("quot", "\""),
    ("apos", "'"),
    ("nbsp", "\u{a0}"),
    ("ensp", "\u{2002}"),
    ("emsp", "\u{2003}"),
    ("thinsp", "\u{2009}"),
    ("zwnj", "\u{200c}"),
    ("zwj", "\u{200d}"),
    ("shy", "\u{ad}"),
    ("middot", "·"),
    ("bull", "•"),
    ("hellip", "…"),
    ("ndash", "–"),
    ("mdash", "—"),
    ("minus", "−"),
    ("lsquo", "‘"),
    ("rsquo", "’"),
    ("ldquo", "“"),
    ("rdquo", "”"),
    ("laquo", "«"),
    ("raquo", "»"),
    ("times", "×"),
    ("divide", "÷"),
    ("plusmn", "±"),
    ("radic", "√"),
    ("check", "✓"),
    ("checkmark", "✓"),
    ("cross", "✗"),
    ("star", "☆"),
    ("starf", "★"),
    ("bigstar", "★"),
    ("yen", "¥"),
    ("permil", "‰"),
    ("deg", "°"),
    ("sect", "§"),
    ("copy", "©"),
    ("reg", "®"),
    ("sup2", "²"),
    ("frac12", "½"),
    ("frac14", "¼"),
    ("frac34", "¾"),
    ("le", "≤"),
    ("ge", "≥"),
    ("ne", "≠"),
    ("larr", "←"),
    ("rarr", "→"),
    ("uarr", "↑"),
    ("darr", "↓"),
    ("cir", "○"),
    ("squ", "□"),
    ("num", "#"),
    ("percnt", "%"),
    ("lpar", "("),
    ("rpar", ")"),
    ("sol", "/"),
];

/// Length of the longest entity worth looking for.
const LONGEST: usize = 12;

/// Appends `text` to `out` with its entities as characters. One that is not known stays as written.
pub(super) fn decode(text: &str, out: &mut String) {
    let mut rest = text;
    while let Some(at) = rest.find('&') {
        let (before, from) = rest.split_at(at);
        out.push_str(before);
        if let Some((character, length)) = entity(from) {
            out.push_str(&character);
            rest = from.get(length..).unwrap_or_default();
        } else {
            out.push('&');
            rest = from.get(1..).unwrap_or_default();
        }
    }
    out.push_str(rest);
}

/// Returns the character of the entity at the start of `text`, and its length there.
fn entity(text: &str) -> Option<(String, usize)> {
    let body = text.get(1..)?;
    let end = body.bytes().take(LONGEST).position(|b| !(b.is_ascii_alphanumeric() || b == b'#'));
    let end = end.unwrap_or_else(|| body.len().min(LONGEST));
    let name = body.get(..end)?;
    let closed = usize::from(body.as_bytes().get(end) == Some(&b';'));
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return Some((char::from_u32(code).filter(|c| *c != '\0')?.to_string(), 1 + end + closed));
    }
    // Without the semicolon only the oldest names count, as in `R&nbspD`; a web address may have others.
    let (_, character) = NAMED.iter().find(|(known, _)| *known == name)?;
    (closed == 1 || matches!(name, "nbsp" | "amp" | "lt" | "gt")).then(|| ((*character).to_owned(), 1 + end + closed))
}

#[cfg(test)]
mod tests {
    fn decoded(text: &str) -> String {
        let mut out = String::new();
        super::decode(text, &mut out);
        out
    }

    #[test]
    fn names_numbers_and_what_is_none() {
        assert_eq!(decoded("R&amp;D &#21333;&#x5efa; &radic;&nbsp;&lt;5&gt;"), "R&D 单建 √\u{a0}<5>");
        assert_eq!(decoded("A&B &unknown; & &#0; &#xd800; &times"), "A&B &unknown; & &#0; &#xd800; &times");
        assert_eq!(decoded("&"), "&");
        assert_eq!(decoded("甲&乙&"), "甲&乙&");
    }
}
