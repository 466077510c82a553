//! Operating system errors about files, in the user's language.

use std::io::{Error, ErrorKind};

use crate::lang::Text;

/// Describes why an operation failed.
pub(crate) fn why(error: &Error) -> Text {
    let (zh, en) = match error.kind() {
        ErrorKind::NotFound => ("没有这个文件或文件夹", "no such file or folder"),
        ErrorKind::PermissionDenied => {
            ("没有权限，或文件正被其他程序占用", "no permission, or the file is in use by another program")
        }
        ErrorKind::IsADirectory => ("这是文件夹，不是文件", "this is a folder, not a file"),
        ErrorKind::NotADirectory => ("路径中有一段不是文件夹", "part of the path is not a folder"),
        ErrorKind::AlreadyExists => ("已有同名的文件或文件夹", "a file or folder of this name already exists"),
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => ("磁盘空间已满", "the disk is full"),
        ErrorKind::ReadOnlyFilesystem => ("磁盘是只读的", "the disk is read-only"),
        ErrorKind::ResourceBusy => ("正被其他程序占用", "it is in use by another program"),
        ErrorKind::InvalidFilename => {
            ("文件名过长，或有不允许的字符", "the name is too long or contains characters that are not allowed")
        }
        ErrorKind::InvalidData => ("不是 UTF-8 文本", "this is not UTF-8 text"),
        ErrorKind::TimedOut | ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            ("网络位置连接不上", "the network location cannot be reached")
        }
        _ => return Text::new(format!("系统报错（系统的原话：{error}）"), error.to_string()),
    };
    Text::new(zh, en)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(unix)]
    fn common_errors_have_chinese_words() {
        // Uses the raw POSIX error numbers.
        for (number, zh) in [
            (2, "没有这个文件"),
            (13, "没有权限"),
            (17, "同名"),
            (20, "不是文件夹"),
            (21, "这是文件夹"),
            (28, "磁盘空间已满"),
            (30, "只读"),
        ] {
            let text = why(&Error::from_raw_os_error(number));
            assert!(text.zh.contains(zh) && !text.zh.contains("os error"), "{}", text.zh);
            assert!(text.en.is_ascii());
        }
        assert!(why(&Error::from_raw_os_error(5)).zh.contains("系统报错"), "what has no words of its own is quoted");
    }
}
