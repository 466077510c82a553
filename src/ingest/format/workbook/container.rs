//! Whether the parts of a zipped workbook that its reader holds in memory would fill it, looked at before it is opened.

use std::io::{Read, Seek};

use zip::ZipArchive;

/// So many bytes they may have together; those of the largest real workbooks have a few hundred million.
const LARGEST: u64 = 1 << 30;
/// Deflate makes text at most this many times smaller, so that what is small enough needs no look inside.
const DENSEST: u64 = 1032;
const SMALL: u64 = 1 << 24;
/// How much is looked at at a time.
const WINDOW: usize = 1 << 16;

/// Whether the parts that are held are too large; they are not in what is no zip archive, which its reader says better.
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

/// Whether readers hold all of this part in memory.
fn is_held(name: &str) -> bool {
    ["sharedstrings", "styles", "workbook", "content.xml", ".rels"].iter().any(|part| name.contains(part))
}

/// How many bytes `input` has, at most a little more than `most`.
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
