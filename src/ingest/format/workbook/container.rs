//! Checks, before a zipped workbook is opened, whether the parts that its reader holds in memory would exhaust it.

use std::io::{Read, Seek};

use zip::ZipArchive;

/// Maximum total bytes of these parts; those of the largest real workbooks have a few hundred million.
const LARGEST: u64 = 1 << 30;
/// Maximum compression ratio of deflate; a part that is small enough need not be inflated to be measured.
const DENSEST: u64 = 1032;
const SMALL: u64 = 1 << 24;
/// Number of bytes inflated at a time.
const WINDOW: usize = 1 << 16;

/// Checks whether the parts held in memory are too large. Anything that is not a zip archive passes, since its reader
/// has the better message.
pub(super) fn is_too_large(input: impl Read + Seek) -> bool {
    let Ok(mut archive) = ZipArchive::new(input) else { return false };
    let mut held = 0;
    for at in 0..archive.len() {
        let Ok(entry) = archive.by_index(at) else { continue };
        let Ok(path) = entry.name().map(|name| name.to_ascii_lowercase()) else { continue };
        if is_held(&path) {
            let most = entry.compressed_size().saturating_mul(DENSEST);
            held += if most <= SMALL { most } else { length_up_to(entry, LARGEST) };
        }
    }
    held > LARGEST
}

/// Checks whether readers hold this part in memory as a whole.
fn is_held(name: &str) -> bool {
    ["sharedstrings", "styles", "workbook", "content.xml", ".rels"].iter().any(|part| name.contains(part))
}

/// Returns the length of `input`, counting no further than slightly beyond `most`.
fn length_up_to(mut input: impl Read, most: u64) -> u64 {
    let (mut buffer, mut length) = (vec![0; WINDOW], 0);
    while length <= most {
        match input.read(&mut buffer) {
            Ok(read) if read > 0 => length += read as u64,
            _ => break,
        }
    }
    length
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Cursor, Write};
    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    fn archive(parts: &[(&str, &[u8])]) -> Cursor<Vec<u8>> {
        let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
        for (name, bytes) in parts {
            writer.start_file(*name, SimpleFileOptions::default()).unwrap();
            writer.write_all(bytes).unwrap();
        }
        writer.finish().unwrap()
    }

    #[test]
    fn what_would_fill_the_memory_is_seen() {
        let part = vec![b' '; (LARGEST >> 5) as usize];
        let bomb: Vec<(String, &[u8])> = (0..33).map(|at| (format!("xl/sharedStrings{at}.bin"), &part[..])).collect();
        let bomb: Vec<(&str, &[u8])> = bomb.iter().map(|(name, part)| (name.as_str(), *part)).collect();
        assert!(is_too_large(archive(&bomb)));
        assert!(!is_too_large(archive(&[("content.xml", b"<office:document-content/>")])));
        assert!(!is_too_large(Cursor::new(b"no archive")));
    }
}
