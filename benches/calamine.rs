//! The time calamine needs to yield the cells of a workbook; run by `workbook.py` for comparison.

use std::error::Error;
use std::time::Instant;

use calamine::{DataRef, Reader, Xlsx, open_workbook};

#[expect(clippy::print_stdout, reason = "a program that answers on standard output")]
fn main() -> Result<(), Box<dyn Error>> {
    let Some(path) = std::env::args().skip(1).find(|argument| !argument.starts_with("--")) else {
        println!("Run benches/workbook.py, which makes a workbook and gives its path.");
        return Ok(());
    };
    let start = Instant::now();
    let mut book: Xlsx<_> = open_workbook(&path)?;
    let (mut texts, mut numbers, mut others, mut letters, mut sum) = (0_u64, 0_u64, 0_u64, 0, 0.0);
    for sheet in book.sheet_names() {
        let mut cells = book.worksheet_cells_reader(&sheet)?;
        while let Some(cell) = cells.next_cell()? {
            match cell.get_value() {
                DataRef::Empty => {}
                DataRef::SharedString(text) => {
                    texts += 1;
                    letters += text.len();
                }
                DataRef::String(text) => {
                    texts += 1;
                    letters += text.len();
                }
                DataRef::Float(number) => {
                    numbers += 1;
                    sum += number;
                }
                _ => others += 1,
            }
        }
    }
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "{{\"texts\": {texts}, \"letters\": {letters}, \"numbers\": {numbers}, \"sum\": {sum}, \"others\": {others}, \"seconds\": {seconds}}}"
    );
    Ok(())
}
