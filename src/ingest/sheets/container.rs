//! What a zipped workbook holds, looked at before it is opened: whether it would fill the memory, and which cells are
//! merged. Its reader would have to go through every sheet once more for those.

use std::borrow::Cow;
use std::collections::HashMap;
use std::io::{BufReader, Read, Seek};

use calamine::Dimensions;
use memchr::memmem::Finder;
use quick_xml::events::{BytesStart, Event};
use zip::ZipArchive;

/// Parts of a workbook that its reader holds in memory may have this many bytes together; the largest real ones have a
/// few hundred million.
const LARGEST: u64 = 1 << 30;
/// Deflate makes text at most this many times smaller, so that what is small enough needs no look inside.
const DENSEST: u64 = 1032;
const SMALL: u64 = 1 << 24;
/// How much is looked at at a time.
const WINDOW: usize = 1 << 16;
/// The longest that the reference of a merged cell can be.
const REFERENCE: usize = 64;

/// More merged cells than this nobody made by hand.
const MOST: usize = 1 << 20;

/// What was found in a workbook.
#[derive(Debug, Default)]
pub(super) struct Inside {
    /// Whether a part that is held in memory is too large for it.
    pub too_large: bool,
    /// For each sheet by its name the regions that are one cell.
    pub merged: HashMap<String, Vec<Dimensions>>,
}

/// Looks into a workbook; nothing is found in what is no zip archive, which its reader says better.
pub(super) fn look(input: impl Read + Seek) -> Inside {
    let mut inside = Inside::default();
    let Ok(mut archive) = ZipArchive::new(input) else { return inside };
    let mut held = 0;
    let mut by_path = HashMap::new();
    for at in 0..archive.len() {
        let Ok(entry) = archive.by_index(at) else { continue };
        let Ok(path) = entry.name().map(|name| name.to_ascii_lowercase().replace('\\', "/")) else { continue };
        if path.starts_with("xl/worksheets/") && extension(&path) == "xml" {
            by_path.insert(path, merged(entry));
        } else if is_held(&path) {
            let most = entry.compressed_size().saturating_mul(DENSEST);
            held += if most <= SMALL { most } else { length_up_to(entry, LARGEST) };
            inside.too_large |= held > LARGEST;
        }
    }
    if !inside.too_large && by_path.values().any(|regions| !regions.is_empty()) {
        let paths = elements(&mut archive, "xl/_rels/workbook.xml.rels", "Relationship", ["Id", "Target"]);
        let paths: HashMap<String, String> =
            paths.into_iter().map(|[id, path]| (id, path.to_ascii_lowercase())).collect();
        for [name, id] in elements(&mut archive, "xl/workbook.xml", "sheet", ["name", "id"]) {
            let path = paths.get(&id).map(|path| match path.strip_prefix('/') {
                Some(whole) => whole.to_owned(),
                None => format!("xl/{path}"),
            });
            if let Some(regions) = path.and_then(|path| by_path.remove(&path)) {
                inside.merged.insert(name, regions);
            }
        }
    }
    inside
}

/// Of each element called `tag` in a part of a workbook the values of two attributes.
fn elements<R: Read + Seek>(archive: &mut ZipArchive<R>, part: &str, tag: &str, names: [&str; 2]) -> Vec<[String; 2]> {
    let Ok(part) = archive.by_name(part) else { return Vec::new() };
    let mut reader = quick_xml::Reader::from_reader(BufReader::new(part));
    let (mut buffer, mut found) = (Vec::new(), Vec::new());
    let attribute = |element: &BytesStart<'_>, name: &str| {
        let attribute = element.attributes().flatten().find(|a| a.key.local_name().as_ref() == name)?;
        attribute.normalized_value(quick_xml::XmlVersion::Implicit1_0).ok().map(Cow::into_owned)
    };
    loop {
        buffer.clear();
        match reader.read_event_into(&mut buffer) {
            Ok(Event::Start(element) | Event::Empty(element)) if element.local_name().as_ref() == tag => {
                let values = names.map(|name| attribute(&element, name).unwrap_or_default());
                found.push(values);
            }
            Ok(Event::Eof) | Err(_) => return found,
            Ok(_) => {}
        }
    }
}

/// What stands behind the last point of a path.
fn extension(path: &str) -> &str {
    path.rsplit_once('.').map_or("", |(_, extension)| extension)
}

/// Whether readers hold all of this part in memory.
fn is_held(name: &str) -> bool {
    let held = ["sharedstrings", "styles", "workbook", "content.xml"];
    extension(name) == "rels" || held.iter().any(|part| name.contains(part))
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

/// The regions that a sheet merges. Its cells are not looked at.
fn merged(mut sheet: impl Read) -> Vec<Dimensions> {
    let finder = Finder::new(b"<mergeCell ");
    let mut window = Vec::with_capacity(2 * WINDOW);
    let mut regions = Vec::new();
    loop {
        let Ok(read) = sheet.by_ref().take(WINDOW as u64).read_to_end(&mut window) else { return regions };
        // What may be cut at the end of the window is looked at when there is more.
        let whole = if read == 0 { window.len() } else { window.len().saturating_sub(REFERENCE) };
        let found = finder.find_iter(&window).take_while(|at| *at < whole);
        regions.extend(found.filter_map(|at| window.get(at..).and_then(region)));
        if read == 0 || regions.len() > MOST {
            return regions;
        }
        window.drain(..whole);
    }
}

/// The region at the start of `text`, as in `<mergeCell ref="A5:A9"/>`.
fn region(text: &[u8]) -> Option<Dimensions> {
    let reference = text.split(|b| matches!(b, b'"' | b'\'')).nth(1)?;
    let (first, last) = reference.split_at(reference.iter().position(|b| *b == b':')?);
    Some(Dimensions::new(cell(first)?, cell(last.get(1..)?)?))
}

/// The position of the cell called `name`, as in `B12`.
fn cell(name: &[u8]) -> Option<(u32, u32)> {
    let (mut row, mut column) = (0_u32, 0_u32);
    for b in name {
        match b {
            b'A'..=b'Z' => column = column.checked_mul(26)?.checked_add(u32::from(b - b'A') + 1)?,
            b'0'..=b'9' => row = row.checked_mul(10)?.checked_add(u32::from(b - b'0'))?,
            b'$' => {}
            _ => return None,
        }
    }
    Some((row.checked_sub(1)?, column.checked_sub(1)?))
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
    fn merged_cells_are_seen_wherever_they_stand() {
        let book =
            br#"<workbook xmlns:r="r"><sheets><sheet name="a&amp;b" sheetId="7" r:id="rId3"/></sheets></workbook>"#;
        let rels = br#"<Relationships><Relationship Target="worksheets/Sheet1.xml" Id="rId3"/></Relationships>"#;
        let sheet = |filler: usize, references: &[&str]| {
            let merged: Vec<String> = references.iter().map(|r| format!("<mergeCell ref=\"{r}\"/>")).collect();
            let merged = merged.concat();
            let text = format!("<sheetData>{}</sheetData>{merged}", " ".repeat(filler));
            let parts: [(&str, &[u8]); 3] = [
                ("xl/workbook.xml", book),
                ("xl/_rels/workbook.xml.rels", rels),
                ("xl/worksheets/sheet1.xml", text.as_bytes()),
            ];
            let regions = look(archive(&parts)).merged.remove("a&b").unwrap_or_default();
            regions.iter().map(|r| (r.start, r.end)).collect::<Vec<_>>()
        };
        let expected = [((0, 0), (0, 5)), ((49, 1), (60, 1)), ((2, 27), (3, 27)), ((4, 2), (5, 3))];
        for filler in [0, WINDOW - 80, WINDOW - 60, WINDOW - 40, WINDOW - 20, WINDOW, 3 * WINDOW + 7] {
            assert_eq!(sheet(filler, &["A1:F1", "B50:B61", "AB3:AB4", "C5:D6"]), expected, "{filler}");
        }
        assert!(look(Cursor::new(b"no archive".to_vec())).merged.is_empty());
    }

    #[test]
    fn what_would_fill_the_memory_is_seen() {
        let part = vec![b' '; (LARGEST >> 5) as usize];
        let bomb: Vec<(String, &[u8])> = (0..33).map(|at| (format!("xl/sharedStrings{at}.xml"), &part[..])).collect();
        let bomb: Vec<(&str, &[u8])> = bomb.iter().map(|(name, part)| (name.as_str(), *part)).collect();
        assert!(look(archive(&bomb)).too_large);
        assert!(!look(archive(&[("xl/sharedStrings.xml", b"<sst/>")])).too_large);
    }
}
