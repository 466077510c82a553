//! Errors of workbooks that cannot be read: encrypted, too large, damaged.

use std::path::Path;

use memchr::memmem;

use super::xlsx::{Damage, XlsxFault};
use crate::error::Error;
use crate::ingest::table::start::TableLocation;
use crate::job::Job;

/// Checks whether the container holds an encrypted package, which its directory names in UTF-16.
pub(crate) fn is_encrypted(bytes: &[u8]) -> bool {
    let name: Vec<u8> = "EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes).collect();
    memmem::find(bytes, &name).is_some()
}

pub(crate) fn encrypted(path: &Path) -> Error {
    Error::of_file(
        path,
        "工作簿有打开密码，无法读取。请用 Excel 打开，在“文件 → 信息 → 保护工作簿”中取消密码后重新保存",
        "the workbook is protected by a password. Open it in Excel, remove the password under File → Info → Protect Workbook, and save it",
    )
}

pub(crate) fn too_large(path: &Path) -> Error {
    Error::of_file(
        path,
        "工作簿展开后过大，可能是恶意文件。请核对来源，或拆成几个文件",
        "the workbook is too large once unpacked and may be malicious. Check where it is from, or split it",
    )
}

/// Returns the error for a file under the name of a workbook that is none.
pub(super) fn no_workbook(path: &Path) -> Error {
    Error::of_file(
        path,
        "不是工作簿，或文件已损坏。请用 Excel 打开后重新另存",
        "this is not a workbook, or it is damaged. Open it in Excel and save it again",
    )
}

/// Returns the error for a web page or XML file that ends early.
pub(super) fn unfinished(path: &Path) -> Error {
    Error::of_file(
        path,
        "网页或 XML 在一个单元格中间就结束了，文件不完整。请重新导出或下载",
        "the web page or XML file ends within a cell and is incomplete. Export or download it again",
    )
}

/// Returns the error for a web page or XML file in no known encoding.
pub(super) fn undecodable(path: &Path) -> Error {
    Error::of_file(
        path,
        "网页或 XML 中的文字既不是 UTF-8，也不是 GB18030 或它自己写明的编码。请用 Excel 打开后另存为 xlsx",
        "the text of the web page or XML file is neither UTF-8 nor GB18030 nor in the encoding it names. Open it in Excel and save it as xlsx",
    )
}

/// Returns the error for a damaged workbook or sheet.
pub(crate) fn damaged(path: &Path, sheet: Option<&str>, zh: &str, en: &str) -> Error {
    let (of, which) = match sheet {
        Some(sheet) => (format!("工作簿的表“{sheet}”"), format!("the sheet '{sheet}' of the workbook")),
        None => ("工作簿".to_owned(), "the workbook".to_owned()),
    };
    let error = Error::of_file(
        path,
        format!("{of}已损坏或不完整，无法读取（{zh}）。请用 Excel 打开后重新另存"),
        format!("{which} is damaged or incomplete ({en}). Open it in Excel and save it again"),
    );
    match sheet {
        Some(sheet) => error.in_sheet(sheet),
        None => error,
    }
}

/// Converts a fault into an error.
pub(super) fn fault(location: &TableLocation<'_>, job: &dyn Job, fault: XlsxFault) -> Error {
    match fault {
        _ if job.cancelled() => Error::Cancelled,
        XlsxFault::TooLarge => too_large(location.path),
        XlsxFault::Damaged(damage) => {
            let Damage { text, row, value, cause } = *damage;
            let error = damaged(location.path, location.sheet, &text.zh, &text.en);
            let error = row.map(u64::from).into_iter().fold(error, Error::at_row);
            let error = value.into_iter().fold(error, Error::with_value);
            cause.into_iter().fold(error, Error::caused_by)
        }
    }
}
