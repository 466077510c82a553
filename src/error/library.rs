//! Errors of the libraries that read and write files, in Chinese. Their own words, which are English, are only quoted.

use std::fmt::Display;
use std::io::ErrorKind;
use std::{error, io};

use arrow::error::ArrowError;
use parquet::errors::ParquetError;

use super::os;

/// An error of a library, of which the Chinese words tell the kind.
pub(crate) trait LibraryError: error::Error + Send + Sync + 'static {
    /// Describes the kind of the error in Chinese.
    fn kind_zh(&self) -> String;
}

/// Adds the words of a library in brackets to a Chinese text.
pub(crate) fn quoted(zh: &str, error: &dyn Display) -> String {
    format!("{zh}（库的原话：{error}）")
}

impl LibraryError for io::Error {
    /// Describes an error of reading, which a library may also give for content that it cannot decode.
    fn kind_zh(&self) -> String {
        match self.kind() {
            _ if self.raw_os_error().is_some() => return os::why(self).zh,
            ErrorKind::UnexpectedEof | ErrorKind::WriteZero => "内容不完整",
            ErrorKind::InvalidData | ErrorKind::InvalidInput => "压缩或编码的数据有误",
            ErrorKind::OutOfMemory => "内存不足",
            _ => "读写时出错",
        }
        .to_owned()
    }
}

impl LibraryError for ArrowError {
    fn kind_zh(&self) -> String {
        match self {
            Self::IoError(_, error) => return error.kind_zh(),
            Self::ExternalError(error) => return external(error.as_ref(), "数据来源报错"),
            Self::NotYetImplemented(_) => "尚不支持这种类型或压缩方式",
            Self::CastError(_) => "类型不能转换",
            Self::MemoryError(_) => "内存不足",
            Self::ParseError(_) | Self::CsvError(_) | Self::JsonError(_) | Self::AvroError(_) => "内容无法识别",
            Self::SchemaError(_) => "列的名称或类型不符",
            Self::ComputeError(_) => "计算出错",
            Self::DivideByZero => "除数为零",
            Self::ArithmeticOverflow(_) => "数值过大",
            Self::IpcError(_) => "Arrow 格式有误",
            Self::InvalidArgumentError(_) => "数据自相矛盾",
            Self::ParquetError(_) => "Parquet 格式有误",
            Self::CDataInterface(_) => "数据交接出错",
            Self::DictionaryKeyOverflowError | Self::RunEndIndexOverflowError | Self::OffsetOverflowError(_) => {
                "数据过多，一批容纳不下"
            }
        }
        .to_owned()
    }
}

impl LibraryError for ParquetError {
    fn kind_zh(&self) -> String {
        match self {
            Self::External(error) => return external(error.as_ref(), "内容有误"),
            Self::NYI(_) => "尚不支持这种类型或压缩方式",
            Self::EOF(_) | Self::NeedMoreData(_) | Self::NeedMoreDataRange(_) => "内容不完整",
            Self::ArrowError(_) => "列的类型或数据有误",
            Self::IndexOutOfBound(..) => "内容自相矛盾",
            _ => "内容有误",
        }
        .to_owned()
    }
}

/// Describes an error that a library passes on, by its own kind where that is known.
fn external(error: &(dyn error::Error + Send + Sync + 'static), otherwise: &str) -> String {
    let io = || error.downcast_ref::<io::Error>().map(LibraryError::kind_zh);
    let arrow = || error.downcast_ref::<ArrowError>().map(LibraryError::kind_zh);
    io().or_else(arrow).unwrap_or_else(|| otherwise.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kind_of_an_error_is_told_in_chinese() {
        let cut = || io::Error::from(ErrorKind::UnexpectedEof);
        assert_eq!(cut().kind_zh(), "内容不完整");
        assert_eq!(ArrowError::from(cut()).kind_zh(), "内容不完整");
        assert_eq!(ParquetError::from(ArrowError::from(cut())).kind_zh(), "内容不完整");
        assert_eq!(ParquetError::from(ArrowError::DivideByZero).kind_zh(), "除数为零");
        assert_eq!(ParquetError::General("bad page".to_owned()).kind_zh(), "内容有误");
        assert_eq!(ArrowError::ExternalError("a Python error".into()).kind_zh(), "数据来源报错");
        assert_eq!(quoted("内容有误", &"bad page"), "内容有误（库的原话：bad page）");
    }
}
