//! SQL's `LIKE`: `%` matches any characters, `_` matches one; case-sensitive, without an escape character. (Arrow's
//! kernel treats a backslash as an escape.)

/// Checks whether the whole of `text` matches `pattern`.
pub(crate) fn like(text: &str, pattern: &str) -> bool {
    let (mut text, mut pattern) = (text.chars(), pattern.chars());
    // State after the last `%`: the rest of the pattern, and the text position last tried for it.
    let mut retry = None;
    loop {
        let (here, before) = (pattern.next(), text.clone());
        let matched = match (here, text.next()) {
            (Some('%'), _) => {
                text = before;
                retry = Some((pattern.clone(), text.clone()));
                true
            }
            (None, None) => return true,
            (Some('_'), Some(_)) => true,
            (Some(a), Some(b)) => a == b,
            _ => false,
        };
        if !matched {
            let Some((after, from)) = &mut retry else {
                return false;
            };
            if from.next().is_none() {
                return false;
            }
            pattern = after.clone();
            text = from.clone();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::like;

    #[test]
    fn matches_as_sql_does() {
        for (text, pattern, expected) in [
            ("克旗有限公司", "%有限公司", true),
            ("克旗有限公司", "克_有限公司", true),
            ("克旗有限公司", "克_", false),
            ("克旗有限公司", "%旗%司", true),
            ("", "%", true),
            ("", "", true),
            ("", "_", false),
            ("a", "", false),
            ("aab", "%ab", true),
            ("aaab", "%aab", true),
            ("abcabd", "%ab_", true),
            ("abcabd", "%abc", false),
            ("A", "a", false),
            ("a%", "a\\%", false),
            ("a\\b", "a\\%", true),
            ("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab", "%a%a%a%a%a%a%a%a%a%c", false),
        ] {
            assert_eq!(like(text, pattern), expected, "{text} LIKE {pattern}");
        }
    }
}
