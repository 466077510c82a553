//! Checks the layout of the crate and of its binding: reads their files as text, follows every import to the file that
//! defines the imported item, and checks the arrows between files, their names and their sizes.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that fails panics")]

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;
use std::{fs, mem};

/// Folder of the repository, to which all paths are relative.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Layers of the crate, from `lib` down: a module imports only from itself and from the modules after it.
const LAYERS: &str = "lib synth review analysis query definition predicate cube roster ingest labels standards schema \
                       stats support job error lang";

/// Allowed circles, each of them one recursion through two files.
const CIRCLES: [[&str; 2]; 2] = [
    ["src/analysis/stars/rating/quota.rs", "src/analysis/stars/rating/rules.rs"],
    ["src/standards/region/names.rs", "src/standards/region/resolve.rs"],
];

/// Maximum number of re-exports between an import and the definition.
const MOST_HOPS: usize = 8;

/// Imported names, by the importing file and the file that defines them.
type Arrows = BTreeMap<(usize, usize), BTreeSet<&'static str>>;

/// A leaf of a `use` tree; a glob is called `*` and has the path of the module.
struct Import {
    path: Vec<&'static str>,
    name: &'static str,
    exported: bool,
}

/// Definitions, imports and mentions in a source file, outside its tests.
#[derive(Default)]
struct File {
    path: String,
    module: String,
    items: BTreeSet<&'static str>,
    public_types: Vec<&'static str>,
    imports: Vec<Import>,
    mentions: BTreeSet<Vec<&'static str>>,
    tests: Vec<String>,
}

/// The end of a path: a file, and one of its items unless the path leads to the module as a whole.
#[derive(Clone, Copy)]
struct End {
    file: usize,
    item: Option<&'static str>,
}

/// The source files of the crate, and the file of each module.
struct Sources {
    files: Vec<File>,
    modules: BTreeMap<String, usize>,
}

/// Reads the crate once for all tests.
static SOURCES: LazyLock<Sources> = LazyLock::new(|| Sources::read("src"));

/// Lists the files below a folder.
fn files_below(folder: &str) -> Vec<String> {
    let mut files = Vec::new();
    for entry in fs::read_dir(format!("{ROOT}/{folder}")).unwrap().map(Result::unwrap) {
        let path = format!("{folder}/{}", entry.file_name().display());
        files.extend(if entry.path().is_dir() { files_below(&path) } else { vec![path] });
    }
    files.sort();
    files
}

/// Reads the Rust files below some folders: their paths and, for as long as the tests run, their texts.
fn rust_files(folders: &[&str]) -> Vec<(String, &'static str)> {
    let files = folders.iter().flat_map(|folder| files_below(folder));
    let paths = files.filter(|path| path.rsplit('.').next() == Some("rs"));
    paths.map(|path| (path.clone(), &*fs::read_to_string(format!("{ROOT}/{path}")).unwrap().leak())).collect()
}

/// Measures the word or number at the start of a text.
fn word(text: &str) -> usize {
    text.bytes().take_while(|byte| byte.is_ascii_alphanumeric() || *byte == b'_' || !byte.is_ascii()).count()
}

/// Measures the literal at the start of a text, to the next such quote after an even number of backslashes.
fn quoted(text: &str) -> usize {
    let (quote, inner) = text.split_at(1);
    let is_even = |at: &usize| (at - inner[..*at].trim_end_matches('\\').len()).is_multiple_of(2);
    inner.match_indices(quote).map(|(at, _)| at).find(is_even).map_or(text.len(), |at| at + 2)
}

/// Measures the raw string at the start of a text, if one is there.
fn raw_string(text: &str) -> Option<usize> {
    let after = text.strip_prefix("br").or(text.strip_prefix('r'))?.trim_start_matches('#').strip_prefix('"')?;
    let start = text.len() - after.len();
    let end = format!("\"{}", "#".repeat(text[..start].matches('#').count()));
    after.find(&end).map(|at| start + at + end.len())
}

/// Cuts Rust text into words and signs, without comments, literals and lifetimes.
fn tokens(mut text: &'static str) -> Vec<&'static str> {
    let mut found = Vec::new();
    while let Some(first) = text.bytes().next() {
        let to = |end: &str| text.find(end).map_or(text.len(), |at| at + end.len());
        let (length, is_code) = match text.as_bytes() {
            [b'/', b'/', ..] => (to("\n"), false),
            [b'/', b'*', ..] => (to("*/"), false),
            [b'"', ..] | [b'\'', b'\\', ..] => (quoted(text), false),
            [b'\'', ..] if text.chars().nth(2) == Some('\'') => (quoted(text), false),
            [b'\'', ..] => (1 + word(&text[1..]), false),
            [b':', b':', ..] => (2, true),
            _ => raw_string(text).map_or((word(text).max(1), !first.is_ascii_digit()), |length| (length, false)),
        };
        found.extend(is_code.then(|| &text[..length]));
        text = text[length..].trim_start();
    }
    found
}

/// Returns the change in bracket depth at a sign.
fn deepening(sign: &str) -> isize {
    isize::from(matches!(sign, "{" | "(" | "[")) - isize::from(matches!(sign, "}" | ")" | "]"))
}

/// Finds the end of the construct at the start of the tokens: after the first of `signs` outside brackets.
fn end_of(tokens: &[&str], signs: &[&str]) -> usize {
    let mut depth = 0;
    let ends = |token: &&str| {
        depth += deepening(token);
        depth <= 0 && signs.contains(token)
    };
    tokens.iter().position(ends).map_or(tokens.len(), |at| at + 1)
}

/// Checks whether a module is another or is inside it.
fn is_inside(inner: &str, outer: &str) -> bool {
    inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with("::"))
}

/// Reads the leaves of a `use` tree.
fn leaves(tree: &[&'static str], exported: bool) -> Vec<Import> {
    let mut found = Vec::new();
    let mut prefixes = vec![Vec::new()];
    let mut path = Vec::new();
    for token in tree {
        match *token {
            "::" if !path.is_empty() => {}
            "{" => prefixes.push(path.clone()),
            "," | "}" | ";" => {
                let name = path.iter().rfind(|word| **word != "self");
                if let Some(name) = name.filter(|_| prefixes.last() != Some(&path)) {
                    let words = path.iter().position(|word| *word == "as" || *word == "*").unwrap_or(path.len());
                    found.push(Import { path: path[..words].to_vec(), name, exported });
                }
                prefixes.truncate(prefixes.len() - usize::from(*token == "}"));
                path = prefixes.last().cloned().unwrap_or_default();
            }
            // A path that begins with `::` leads into another crate.
            word => path.push(word),
        }
    }
    found
}

impl File {
    /// Finds the definitions, imports and mentions in a text, and the test modules that it declares.
    fn new(path: String, module: String, text: &'static str) -> Self {
        let mut file = Self { path, module, ..Self::default() };
        let defining = ["const", "enum", "fn", "mod", "static", "struct", "trait", "type"];
        let tokens = tokens(text);
        let (mut rest, mut before, mut depth, mut is_test) = (&tokens[..], "", 0, false);
        while let [token, after @ ..] = rest {
            depth += deepening(token);
            let taken = match *rest {
                ["#", "[", ..] | ["#", "!", "[", ..] => {
                    let end = end_of(rest, &["]"]);
                    is_test |= rest[..end] == ["#", "[", "cfg", "(", "test", ")", "]"];
                    end
                }
                _ if mem::take(&mut is_test) => {
                    let end = end_of(rest, &["}", ";"]);
                    if let [.., "mod", name, ";"] = rest[..end] {
                        file.tests.push(format!("{}::{name}", file.module));
                    }
                    end
                }
                ["use", next, ..] if next != "<" => {
                    let end = end_of(rest, &[";"]);
                    file.imports.extend(leaves(&rest[1..end], matches!(before, "pub" | ")")));
                    end
                }
                ["mod", _, ";", ..] => 2,
                [kind, name, ..] if defining.contains(&kind) && word(name) > 0 && !defining.contains(&name) => {
                    file.items.extend((depth == 0).then_some(name));
                    let is_type = matches!(kind, "enum" | "struct" | "trait" | "type");
                    file.public_types.extend((is_type && before == "pub").then_some(name));
                    2
                }
                _ if word(token) > 0 && before != "." && before != "::" => {
                    let more = after.chunks_exact(2).take_while(|pair| pair[0] == "::" && word(pair[1]) > 0).count();
                    // A single lower-case word may be a variable, unless it is called.
                    if more > 0 || matches!(after, ["(" | "!", ..]) || token.starts_with(char::is_uppercase) {
                        file.mentions.insert(rest[..=2 * more].iter().copied().step_by(2).collect());
                    }
                    1 + 2 * more
                }
                _ => 1,
            };
            before = rest[taken - 1];
            rest = &rest[taken..];
        }
        file
    }
}

impl Sources {
    /// Reads the source files of the crate in a folder, without those for tests only.
    fn read(folder: &str) -> Self {
        let mut files = Vec::new();
        for (path, text) in rust_files(&[folder]) {
            let steps = path.trim_end_matches(".rs").replacen(folder, "crate", 1);
            let module = steps.trim_end_matches("/lib").trim_end_matches("/mod").replace('/', "::");
            files.push(File::new(path, module, text));
        }
        let tests: Vec<String> = files.iter().flat_map(|file| file.tests.clone()).collect();
        files.retain(|file| !tests.iter().any(|test| is_inside(&file.module, test)));
        let modules = files.iter().enumerate().map(|(at, file)| (file.module.clone(), at)).collect();
        Self { files, modules }
    }

    /// Finds the module of a name.
    fn module(&self, name: &str) -> Option<End> {
        self.modules.get(name).map(|file| End { file: *file, item: None })
    }

    /// Resolves a name in a file, up to `hops` re-exports away. A module takes precedence unless the name is the `last`
    /// of a path.
    fn named(&self, file: usize, name: &'static str, last: bool, hops: usize) -> Option<End> {
        let File { module, items, imports, .. } = &self.files[file];
        let child = self.module(&format!("{module}::{name}"));
        if child.is_some() && !last {
            return child;
        }
        let own = items.contains(name).then_some(End { file, item: Some(name) });
        let hops = hops.checked_sub(1);
        let ends = |of: &'static str, last: bool| {
            let imported = imports.iter().filter(move |import| import.name == of);
            imported.filter_map(move |import| self.end(file, &import.path, last, hops?))
        };
        let in_opened = |end: End| if end.item.is_none() { self.named(end.file, name, last, hops?) } else { None };
        own.or_else(|| ends(name, last).next()).or(child).or_else(|| ends("*", false).find_map(in_opened))
    }

    /// Follows a path, as written in a file, to its end; one into another crate has none.
    fn end(&self, file: usize, path: &[&'static str], last: bool, hops: usize) -> Option<End> {
        let mut end = End { file, item: None };
        for (nth, word) in path.iter().enumerate() {
            end = match *word {
                _ if end.item.is_some() => end,
                "crate" => self.module("crate")?,
                "self" => end,
                "super" => self.module(self.files[end.file].module.rsplit_once("::")?.0)?,
                name => {
                    // A name not found in a module of this crate comes from a macro, or is not followed any further.
                    let unseen = (nth > 0).then_some(End { item: Some(name), ..end });
                    self.named(end.file, name, last && nth + 1 == path.len(), hops).or(unseen)?
                }
            };
        }
        Some(end)
    }

    /// Draws an arrow from each file to every other from which it imports an item, following `hops` re-exports. With
    /// `all`, includes re-exports and imports of modules as a whole.
    fn arrows(&self, all: bool, hops: usize) -> Arrows {
        let mut arrows = Arrows::new();
        for (from, file) in self.files.iter().enumerate() {
            let imports = file.imports.iter().filter(|import| all || !import.exported).map(|import| &import.path);
            let ends = imports.chain(&file.mentions).filter_map(|path| self.end(from, path, true, hops));
            for end in ends.filter(|end| end.file != from && (all || end.item.is_some())) {
                arrows.entry((from, end.file)).or_default().insert(end.item.unwrap_or("self"));
            }
        }
        arrows
    }

    /// Lists the files that reach each other along arrows, circle by circle.
    fn circles(&self, arrows: &Arrows) -> BTreeSet<Vec<usize>> {
        let files = 0..self.files.len();
        let mut reached = vec![vec![false; files.len()]; files.len()];
        for (start, reached) in reached.iter_mut().enumerate() {
            let mut ahead = vec![start];
            while let Some(from) = ahead.pop() {
                let next = arrows.range((from, 0)..(from + 1, 0)).map(|((_, to), _)| *to);
                ahead.extend(next.filter(|to| !mem::replace(&mut reached[*to], true)));
            }
        }
        let circle = |one: usize| files.clone().filter(|two| reached[one][*two] && reached[*two][one]).collect();
        files.clone().map(circle).filter(|circle: &Vec<usize>| circle.len() > 1).collect()
    }

    /// Writes arrows out, a line for each.
    fn lines(&self, arrows: &Arrows) -> String {
        let line = |((from, to), names): (&(usize, usize), &BTreeSet<&str>)| {
            let names = names.iter().copied().collect::<Vec<_>>().join(", ");
            format!("  {} -> {}: {names}\n", self.files[*from].path, self.files[*to].path)
        };
        arrows.iter().map(line).collect()
    }
}

/// Writes out the circles of files in a crate, other than those allowed.
fn circles_in(sources: &Sources, allowed: &[[&str; 2]]) -> String {
    let mut arrows = sources.arrows(false, MOST_HOPS);
    // The parts of a module may import shared items from its parent file.
    arrows.retain(|(from, to), _| !is_inside(&sources.files[*from].module, &sources.files[*to].module));
    let mut found = Vec::new();
    for circle in sources.circles(&arrows) {
        let paths: Vec<&String> = circle.iter().map(|file| &sources.files[*file].path).collect();
        if !allowed.iter().any(|allowed| paths == *allowed) {
            let mut inner = arrows.clone();
            inner.retain(|(from, to), _| circle.contains(from) && circle.contains(to));
            found.push(format!("circle of {} files:\n{}", circle.len(), sources.lines(&inner)));
        }
    }
    found.concat()
}

#[test]
fn files_import_each_other_in_two_circles_only() {
    let (files, arrows) = (SOURCES.files.len(), SOURCES.arrows(false, MOST_HOPS).len());
    assert!(files > 150 && arrows > 800, "{files} files, {arrows} arrows");
    let found = circles_in(&SOURCES, &CIRCLES);
    assert!(found.is_empty(), "files import each other\n{found}");
}

#[test]
fn files_of_the_binding_import_each_other_in_no_circle() {
    let binding = Sources::read("python/src");
    let (files, arrows) = (binding.files.len(), binding.arrows(false, MOST_HOPS).len());
    assert!(files > 15 && arrows > 60, "{files} files, {arrows} arrows");
    let found = circles_in(&binding, &[]);
    assert!(found.is_empty(), "files import each other\n{found}");
}

#[test]
fn layers_point_down() {
    let sources = &*SOURCES;
    let depth = |file: usize| {
        let module = sources.files[file].path.split(['/', '.']).nth(1);
        LAYERS.split(' ').position(|layer| module == Some(layer))
    };
    assert!((0..sources.files.len()).all(|file| depth(file).is_some()), "a module of src/lib.rs is in no layer");
    // As imports are written, and as their items are defined.
    let mut up = sources.arrows(true, 0);
    up.extend(sources.arrows(true, MOST_HOPS));
    up.retain(|(from, to), _| depth(*to) < depth(*from));
    assert!(up.is_empty(), "imports point up\n{}", sources.lines(&up));
}

#[test]
fn src_shows_at_most_twenty_entries() {
    let files = files_below("src");
    let shown: BTreeSet<&str> = files.iter().filter_map(|path| path.split('/').nth(1)).collect();
    assert!(shown.len() <= 20, "{shown:?}");
}

#[test]
fn no_folder_is_called_build() {
    // Many tools take such a folder for output and skip it.
    let files = ["src", "python", "tests", "benches"].into_iter().flat_map(files_below);
    let paths: Vec<String> = files.filter(|path| path.contains("/build/")).collect();
    assert!(paths.is_empty(), "{paths:?}");
}

#[test]
fn no_file_is_over_450_lines() {
    let mut files = rust_files(&["src", "python/src", "tests", "benches"]);
    files.retain(|(_, text)| text.lines().count() > 450);
    let paths: Vec<&String> = files.iter().map(|(path, _)| path).collect();
    assert!(paths.is_empty(), "{paths:?}");
}

#[test]
fn public_names_are_unique() {
    let mut places: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for file in &SOURCES.files {
        for name in &file.public_types {
            places.entry(name).or_default().push(&file.path);
        }
    }
    places.retain(|_, files| files.len() > 1);
    assert!(places.is_empty(), "types share a name: {places:#?}");
}

#[test]
fn doc_comments_open_with_a_verb_or_a_noun() {
    let questions = ["What ", "Whether ", "How ", "Where ", "Which ", "Who ", "Why ", "Of ", "So many "];
    let mut found = Vec::new();
    for (path, text) in rust_files(&["src", "python/src"]) {
        let mut before = None;
        for (nth, line) in text.lines().map(str::trim_start).enumerate() {
            let doc = line.strip_prefix("///").or(line.strip_prefix("//!")).map(str::trim_start);
            let opens = doc.is_some_and(|doc| questions.iter().any(|question| doc.starts_with(question)));
            if opens && before.is_none() {
                found.push(format!("{path}:{}: {line}", nth + 1));
            }
            before = doc;
        }
    }
    assert!(found.is_empty(), "doc comments open with a question\n{}", found.join("\n"));
}
