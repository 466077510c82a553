//! Validates an xls before calamine reads it. calamine allocates as much memory as numbers in the file demand, and
//! follows chains of sectors to their end. A refused allocation aborts the process, and a cyclic chain never ends.
//!
//! The container is defined in [MS-CFB] and the records in [MS-XLS]; both are traversed in the same way as in
//! calamine.

/// Number of rows and columns of an xls sheet.
const ROWS: u64 = 65_536;
const COLUMNS: u64 = 256;
/// First of the sector numbers that are not sectors of the file, such as the end of a chain or a free sector.
const RESERVED: u32 = 0xffff_fffa;
const END: u32 = 0xffff_fffe;
/// Length below which a stream is stored in small sectors, within a stream of their own.
const SHORT: usize = 4096;
const SHORT_SECTOR: usize = 64;
/// Size of a directory entry.
const ENTRY: usize = 128;

/// Defect of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum XlsDefect {
    /// A chain of sectors returns to itself.
    Ring,
    /// A sheet has cells outside the possible range.
    Size,
}

impl XlsDefect {
    /// Describes the defect in Chinese and in English.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Ring => ("扇区链成环", "its chain of sectors is a ring"),
            Self::Size => (
                "表中行列号超出 xls 的限度：65536 行、256 列",
                "a sheet has cells beyond the 65,536 rows and 256 columns of an xls",
            ),
        }
    }
}

/// Returns the defect in the bytes of an xls, if any. Other defects are left to the reader, which describes them
/// better.
pub(super) fn defect(file: &[u8]) -> Option<XlsDefect> {
    match book(file) {
        Err(wrong) => Some(wrong),
        Ok(None) => None,
        Ok(Some(book)) => sheets(&book).any(|at| book.get(at..).is_some_and(is_too_large)).then_some(XlsDefect::Size),
    }
}

fn u16_at(bytes: &[u8], offset: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], offset: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(offset..)?.first_chunk()?))
}

fn numbers(bytes: &[u8]) -> impl Iterator<Item = u32> {
    bytes.as_chunks().0.iter().map(|number| u32::from_le_bytes(*number))
}

/// Sectors of one size, with the successor of each.
struct Sectors<'a> {
    bytes: &'a [u8],
    size: usize,
    next: Vec<u32>,
}

impl Sectors<'_> {
    fn get(&self, id: u32) -> &[u8] {
        let from = (id as usize).saturating_mul(self.size);
        let to = from.saturating_add(self.size).min(self.bytes.len());
        self.bytes.get(from..to).unwrap_or_default()
    }

    /// Reads up to `length` bytes of the chain that starts at sector `id`.
    fn chain(&self, mut id: u32, length: usize) -> Result<Vec<u8>, XlsDefect> {
        let (mut all, mut seen) = (Vec::new(), 0);
        while id < RESERVED {
            let sector = self.get(id);
            all.extend_from_slice(&sector[..sector.len().min(length - all.len())]);
            let Some(next) = self.next.get(id as usize).filter(|_| all.len() < length && !sector.is_empty()) else {
                break;
            };
            if seen > self.next.len() {
                return Err(XlsDefect::Ring);
            }
            (id, seen) = (*next, seen + 1);
        }
        Ok(all)
    }
}

/// Returns the workbook stream; `None` if there is none.
fn book(file: &[u8]) -> Result<Option<Vec<u8>>, XlsDefect> {
    let header = |at| u32_at(file, at).unwrap_or(END);
    let size = match u16_at(file, 30) {
        Some(9) => 512,
        Some(12) => 4096,
        _ => return Ok(None),
    };
    let mut sectors = Sectors { bytes: file.get(size..).unwrap_or_default(), size, next: Vec::new() };
    // Sectors that hold the successor table: the first are listed in the header, the others in a chain of their own.
    let mut tables: Vec<u32> = numbers(file.get(76..512).unwrap_or_default()).collect();
    let (mut more, mut seen) = (header(68), 0);
    while more < RESERVED {
        tables.extend(numbers(sectors.get(more)));
        let Some(next) = tables.pop().filter(|_| !sectors.get(more).is_empty()) else { break };
        if seen > file.len() / size {
            return Err(XlsDefect::Ring);
        }
        (more, seen) = (next, seen + 1);
    }
    let next = tables.into_iter().filter(|id| *id < RESERVED).flat_map(|id| numbers(sectors.get(id)));
    sectors.next = next.collect();
    let directory = sectors.chain(header(48), usize::MAX)?;
    let entries = directory.as_chunks::<ENTRY>().0;
    let place = |entry: &[u8; ENTRY]| (u32_at(entry, 116).unwrap_or(END), u32_at(entry, 120).unwrap_or(0) as usize);
    let Some((start, length)) = entries.first().map(place) else { return Ok(None) };
    let short = header(64) as usize;
    let short = if short > 0 {
        let next = sectors.chain(header(60), short.saturating_mul(size))?;
        let bytes = sectors.chain(start, length)?;
        (bytes, numbers(&next).collect())
    } else {
        (Vec::new(), Vec::new())
    };
    let stream = |name: &str| {
        let is_called = |entry: &&[u8; ENTRY]| {
            let letters = entry.as_chunks::<2>().0.iter().take(32).map(|letter| u16::from_le_bytes(*letter));
            let called: Vec<u16> = letters.take_while(|letter| *letter != 0).collect();
            String::from_utf16_lossy(&called).eq_ignore_ascii_case(name)
        };
        entries.iter().find(is_called).map(place)
    };
    let Some((start, length)) = stream("Workbook").or_else(|| stream("Book")) else { return Ok(None) };
    if length < SHORT {
        let (bytes, next) = short;
        return Sectors { bytes: &bytes, size: SHORT_SECTOR, next }.chain(start, length).map(Some);
    }
    sectors.chain(start, length).map(Some)
}

/// Iterates over the kinds and contents of the records of a stream.
fn records(mut stream: &[u8]) -> impl Iterator<Item = (u16, &[u8])> {
    std::iter::from_fn(move || {
        let (kind, length) = (u16_at(stream, 0)?, usize::from(u16_at(stream, 2)?));
        let (record, rest) = stream.split_at_checked(4 + length)?;
        stream = rest;
        Some((kind, &record[4..]))
    })
}

const BEGIN_OF_PART: u16 = 0x0809;
const END_OF_PART: u16 = 0x000a;
const PASSWORD: u16 = 0x002f;
const SHEET: u16 = 0x0085;
const DIMENSIONS: u16 = 0x0200;
/// Several numbers of one row.
const NUMBERS: u16 = 0x00bd;
/// Formulas, numbers, texts and flags, one cell each.
const CELLS: [u16; 7] = [0x0006, 0x0203, 0x0204, 0x0205, 0x027e, 0x00d6, 0x00fd];

/// Returns the offsets of the sheets of a workbook; none for one with a password.
fn sheets(book: &[u8]) -> impl Iterator<Item = usize> {
    let globals = || records(book).take_while(|(kind, _)| *kind != END_OF_PART);
    let is_open = !globals().any(|(kind, _)| kind == PASSWORD);
    let sheets = globals().filter(move |(kind, _)| is_open && *kind == SHEET);
    sheets.filter_map(|(_, record)| Some(u32_at(record, 0)? as usize))
}

/// Checks whether a sheet has, or claims to have, cells outside the possible range. Embedded charts have records of
/// their own, which are not cells of the sheet.
fn is_too_large(sheet: &[u8]) -> bool {
    let mut depth = 0;
    for (kind, record) in records(sheet) {
        match kind {
            BEGIN_OF_PART => depth += 1,
            END_OF_PART if depth <= 1 => return false,
            END_OF_PART => depth -= 1,
            DIMENSIONS if depth <= 1 && !dimensions_fit(record) => return true,
            NUMBERS if depth <= 1 => {
                let last = record.len().checked_sub(2).and_then(|at| u16_at(record, at));
                if is_beyond(u16_at(record, 2)) || is_beyond(last) {
                    return true;
                }
            }
            kind if depth <= 1 && CELLS.contains(&kind) && is_beyond(u16_at(record, 2)) => return true,
            _ => {}
        }
    }
    false
}

/// Checks whether a column is beyond the last of a sheet.
fn is_beyond(column: Option<u16>) -> bool {
    column.is_some_and(|column| u64::from(column) >= COLUMNS)
}

/// Checks whether the range of rows and columns, with exclusive ends, fits an xls.
fn dimensions_fit(record: &[u8]) -> bool {
    let ends = match record.len() {
        10 => [0, 2, 4, 6].map(|at| u16_at(record, at).map(u64::from)),
        14 | 16 => {
            let [top, bottom] = [0, 4].map(|at| u32_at(record, at).map(u64::from));
            let [left, right] = [8, 10].map(|at| u16_at(record, at).map(u64::from));
            [top, bottom, left, right]
        }
        _ => return true,
    };
    let [Some(top), Some(bottom), Some(left), Some(right)] = ends else { return true };
    // calamine starts a range at column 0 if its start is after its end or too far right.
    let left = if left >= COLUMNS || right < left { 0 } else { left };
    // An empty sheet has an empty range.
    bottom == 0 || right == 0 || (top < bottom && left < right && bottom <= ROWS && right <= COLUMNS)
}

#[cfg(test)]
mod tests {
    use super::*;
    use calamine::{Reader, Xls};
    use std::io::Cursor;

    fn record(kind: u16, data: &[u8]) -> Vec<u8> {
        [&kind.to_le_bytes()[..], &(data.len() as u16).to_le_bytes(), data].concat()
    }

    fn dimensions(rows: [u32; 2], columns: [u16; 2]) -> Vec<u8> {
        let numbers: Vec<u8> =
            rows.iter().flat_map(|n| n.to_le_bytes()).chain(columns.iter().flat_map(|n| n.to_le_bytes())).collect();
        record(DIMENSIONS, &[&numbers[..], &[0, 0]].concat())
    }

    /// Builds a cell with the number 7.
    fn number(row: u16, column: u16) -> Vec<u8> {
        record(0x0203, &[&row.to_le_bytes()[..], &column.to_le_bytes(), &[0, 0], &7f64.to_le_bytes()].concat())
    }

    /// Builds a workbook of one sheet with these records, in a stream of `length` bytes.
    fn file(cells: &[Vec<u8>], length: usize) -> Vec<u8> {
        let part =
            |kind: u16| record(BEGIN_OF_PART, &[&0x0600_u16.to_le_bytes()[..], &kind.to_le_bytes(), &[0; 12]].concat());
        let sheet = |at: u32| record(SHEET, &[&at.to_le_bytes()[..], &[0, 0, 1, 0, b'a']].concat());
        let end = record(END_OF_PART, &[]);
        let globals = |at| [part(5), sheet(at), end.clone()].concat();
        let mut book = globals(globals(0).len() as u32);
        book.extend([&[part(0x10)], cells, &[end]].concat().concat());
        book.resize(length, 0);
        let mut header = [0; 512];
        header[..8].copy_from_slice(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1");
        let mut set = |at: usize, bytes: &[u8]| header[at..at + bytes.len()].copy_from_slice(bytes);
        set(26, &[3, 0]);
        set(30, &[9, 0, 6, 0]);
        set(44, &1_u32.to_le_bytes());
        set(48, &1_u32.to_le_bytes());
        set(60, &END.to_le_bytes());
        set(68, &END.to_le_bytes());
        set(76, &[0xff; 436]);
        set(76, &0_u32.to_le_bytes());
        // Sector 0 is the successor table, sector 1 the directory, and the stream begins at sector 2.
        let sectors = length.div_ceil(512) as u32;
        let chain = (0..sectors).map(|at| if at + 1 == sectors { END } else { at + 3 });
        let mut table: Vec<u8> = [0xffff_fffd, END].into_iter().chain(chain).flat_map(u32::to_le_bytes).collect();
        table.resize(512, 0xff);
        let entry = |name: &str, start: u32, length: u32| {
            let mut entry: Vec<u8> = name.encode_utf16().flat_map(u16::to_le_bytes).collect();
            entry.resize(116, 0);
            [&entry[..], &start.to_le_bytes(), &length.to_le_bytes(), &[0; 4]].concat()
        };
        let directory = [entry("Root Entry", END, 0), entry("Workbook", 2, length as u32), vec![0; 256]].concat();
        book.resize(sectors as usize * 512, 0);
        [&header[..], &table, &directory, &book].concat()
    }

    #[test]
    fn what_can_be_is_not_wrong_and_is_read() {
        for size in [dimensions([0, 2], [0, 3]), dimensions([0, 65_536], [0, 256]), dimensions([0, 0], [0, 0])] {
            let file = file(&[size, number(1, 2)], 4096);
            assert_eq!(defect(&file), None);
            let mut book: Xls<_> = Xls::new(Cursor::new(file)).unwrap();
            assert_eq!(book.worksheet_range("a").unwrap().start(), Some((1, 2)));
        }
        assert_eq!(defect(b""), None);
        assert_eq!(defect(&file(&[], 4096)[..700]), None, "of what is cut off its reader speaks");
    }

    #[test]
    fn what_would_fill_the_memory_is_seen() {
        let sizes = [
            ([9, 3], [0, 3]),
            ([0, 65_537], [0, 3]),
            ([0, u32::MAX], [0, 3]),
            ([0, 9], [0, 257]),
            ([0, 9], [300, u16::MAX]),
        ];
        for (rows, columns) in sizes {
            assert_eq!(
                defect(&file(&[dimensions(rows, columns)], 4096)),
                Some(XlsDefect::Size),
                "{rows:?} {columns:?}"
            );
        }
        assert_eq!(defect(&file(&[number(0, 0), number(65_535, 256)], 4096)), Some(XlsDefect::Size));
        let several = record(NUMBERS, &[&[0, 0, 255, 0][..], &[0; 12], &256_u16.to_le_bytes()].concat());
        assert_eq!(defect(&file(&[several], 4096)), Some(XlsDefect::Size));
        // A chart has records of its own.
        let begin = record(BEGIN_OF_PART, &[0; 16]);
        let chart = [begin, dimensions([9, 3], [0, 3]), record(END_OF_PART, &[])];
        assert_eq!(defect(&file(&chart, 4096)), None);
    }

    #[test]
    fn rings_are_seen() {
        let sound = file(&[number(1, 2)], 8192);
        // The directory is its own successor; likewise the first sector of the stream, which claims to be far longer
        // than the file.
        for (at, to) in [(516, 1_u32), (520, 2)] {
            let mut file = sound.clone();
            file[at..at + 4].copy_from_slice(&to.to_le_bytes());
            file[1272..1276].copy_from_slice(&0x7fff_ffff_u32.to_le_bytes());
            assert_eq!(defect(&file), Some(XlsDefect::Ring), "{at}");
        }
        assert_eq!(defect(&sound), None);
    }
}
