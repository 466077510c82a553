//! Text as a browser shows it: white space in the source is one blank at most, and none at all between two Chinese
//! characters on different lines.

use super::entities;

/// Text of a cell, or of a line outside tables.
#[derive(Debug, Default)]
pub(super) struct FlowText {
    text: String,
    /// White space before the next character.
    gap: Gap,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum Gap {
    #[default]
    None,
    Blank,
    /// White space with an end of line of the source.
    Wrap,
    /// A line end that shows.
    Line,
}

impl FlowText {
    /// Appends text of the source.
    pub(super) fn push(&mut self, text: &str, has_entities: bool) {
        let mut decoded = String::new();
        if has_entities && text.contains('&') {
            entities::decode(text, &mut decoded);
        } else {
            decoded.push_str(text);
        }
        for c in decoded.chars() {
            match c {
                '\n' | '\r' => self.gap = if self.gap == Gap::Line { Gap::Line } else { Gap::Wrap },
                ' ' | '\t' | '\u{c}' => self.gap = if self.gap == Gap::None { Gap::Blank } else { self.gap },
                // Soft hyphens do not show.
                '\u{ad}' => {}
                c => self.character(if c == '\u{a0}' { ' ' } else { c }),
            }
        }
    }

    fn character(&mut self, c: char) {
        let last = self.text.chars().next_back();
        match std::mem::take(&mut self.gap) {
            Gap::Blank if last.is_some() => self.text.push(' '),
            Gap::Wrap if last.is_some_and(|last| !(is_wide(last) && is_wide(c))) => self.text.push(' '),
            Gap::Line if last.is_some() => self.text.push('\n'),
            _ => {}
        }
        self.text.push(c);
    }

    /// Ends a line.
    pub(super) fn line_end(&mut self) {
        self.gap = Gap::Line;
    }

    /// Returns the text, without blanks at its ends, and begins again.
    pub(super) fn take(&mut self) -> String {
        self.gap = Gap::None;
        let text = std::mem::take(&mut self.text);
        match text.trim() {
            trimmed if trimmed.len() == text.len() => text,
            trimmed => trimmed.to_owned(),
        }
    }
}

/// Checks whether a character is written without blanks around it.
fn is_wide(c: char) -> bool {
    matches!(c, '\u{2e80}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{ff00}'..='\u{ffef}' | '\u{20000}'..='\u{3ffff}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn white_space_of_the_source_is_none_of_the_text() {
        let mut text = FlowText::default();
        text.push("\n  示例&nbsp;昌盛\n  商贸\tR&amp;D\n  abc ", true);
        text.line_end();
        text.push(" 乙&nbsp;", true);
        assert_eq!(text.take(), "示例 昌盛商贸 R&D abc\n乙");
        assert_eq!(text.take(), "");
    }
}
