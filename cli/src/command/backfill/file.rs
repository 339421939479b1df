//! The file: one object a line, or one array of objects, read piece by piece however long it is.

use std::{
    cell::{Cell, RefCell},
    fmt,
    fs::File,
    io::{self, BufRead, BufReader, Read, Seek, Write},
    ops::ControlFlow,
};

use relay::{ingest::MAX_BODY, text::hex};
use serde::{
    Deserializer, Serialize,
    de::{Error, SeqAccess, Visitor},
};
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::command::CommandError;

/// One entry as it stands in the file.
pub(super) struct Item {
    /// Counts entries, from 1.
    pub(super) number: u64,
    pub(super) place: Place,
    /// How many bytes of the file were read by now.
    pub(super) read: u64,
    /// The object, or why there is none.
    pub(super) object: Result<Value, String>,
}

/// Where an entry stands, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Place {
    /// A line of the file.
    Line(u64),
    /// An element of the array, from 1.
    Entry(u64),
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line(number) => write!(f, "line {number}"),
            Self::Entry(number) => write!(f, "entry {number}"),
        }
    }
}

/// Opens the file; `-` is standard input, which is kept in a nameless file, because it is read twice.
pub(super) fn open(path: &str) -> Result<File, CommandError> {
    let failed = |error: io::Error| CommandError(format!("cannot read {path}: {error}"));
    if path != "-" {
        return File::open(path).map_err(failed);
    }
    let mut file = tempfile::tempfile().map_err(failed)?;
    io::copy(&mut io::stdin().lock(), &mut file).and_then(|_| file.flush()).map_err(failed)?;
    Ok(file)
}

/// Reads all entries from the beginning, until `each` has enough. Returns the digest of what was read: the whole file,
/// unless `each` had enough.
pub(super) fn read(mut file: &File, mut each: impl FnMut(Item) -> ControlFlow<()>) -> io::Result<String> {
    file.rewind()?;
    let (bytes, digest) = (Cell::new(0), RefCell::new(Sha256::new()));
    let mut reader = BufReader::new(Tally { inner: file, bytes: &bytes, digest: &digest });
    if reader.fill_buf()?.starts_with(b"\xef\xbb\xbf") {
        reader.consume(3);
    }
    let ended = match first(&mut reader)? {
        Some(b'[') => array(&mut reader, &bytes, &mut each)?,
        Some(_) => lines(&mut reader, &bytes, &mut each)?,
        None => ControlFlow::Continue(()),
    };
    if ended.is_continue() {
        io::copy(&mut reader, &mut io::sink())?;
    }
    drop(reader);
    Ok(hex(&digest.into_inner().finalize()))
}

/// The first byte that is no blank, if the file has any; the blanks stay, since lines are counted.
fn first(reader: &mut impl BufRead) -> io::Result<Option<u8>> {
    let buffer = reader.fill_buf()?;
    let found = buffer.iter().copied().find(|byte| !byte.is_ascii_whitespace());
    Ok(found.or_else(|| buffer.first().copied()))
}

/// Reads line by line. A faulty line hurts no other.
fn lines(
    reader: &mut impl BufRead,
    bytes: &Cell<u64>,
    each: &mut impl FnMut(Item) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let limit = MAX_BODY as u64;
    let (mut line, mut number) = (0, 0);
    let mut text = Vec::new();
    loop {
        text.clear();
        if reader.by_ref().take(limit + 1).read_until(b'\n', &mut text)? == 0 {
            return Ok(ControlFlow::Continue(()));
        }
        line += 1;
        let is_too_long = text.len() as u64 > limit && text.last() != Some(&b'\n');
        if is_too_long {
            reader.skip_until(b'\n')?;
        } else if text.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        number += 1;
        let object = if is_too_long {
            Err(format!("is longer than {limit} bytes"))
        } else {
            serde_json::from_slice(text.trim_ascii_end()).map_err(|error| not_json(&error, "column", error.column()))
        };
        let item = Item { number, place: Place::Line(line), read: bytes.get(), object };
        if each(item).is_break() {
            return Ok(ControlFlow::Break(()));
        }
    }
}

/// Reads element by element. After a syntax error nobody knows where the next one begins.
fn array(
    reader: &mut impl BufRead,
    bytes: &Cell<u64>,
    each: &mut impl FnMut(Item) -> ControlFlow<()>,
) -> io::Result<ControlFlow<()>> {
    let mut json = serde_json::Deserializer::from_reader(reader);
    let (mut number, mut enough) = (0, false);
    let elements = Elements { number: &mut number, enough: &mut enough, bytes, each: &mut *each };
    let read = json.deserialize_seq(elements).and_then(|()| json.end());
    match read {
        Ok(()) => Ok(ControlFlow::Continue(())),
        Err(_) if enough => Ok(ControlFlow::Break(())),
        Err(error) if error.is_io() => Err(error.into()),
        Err(error) => {
            number += 1;
            let fault = not_json(&error, "line", error.line());
            let object = Err(format!("{fault}, column {}; nothing after it can be read", error.column()));
            Ok(each(Item { number, place: Place::Entry(number), read: bytes.get(), object }))
        }
    }
}

/// Without the reader's words, which may repeat what stands there.
fn not_json(error: &serde_json::Error, unit: &str, at: usize) -> String {
    let what = if error.is_eof() { "ends too early" } else { "is not JSON" };
    format!("{what} at {unit} {at}")
}

struct Elements<'a, F> {
    number: &'a mut u64,
    enough: &'a mut bool,
    bytes: &'a Cell<u64>,
    each: &'a mut F,
}

impl<'de, F: FnMut(Item) -> ControlFlow<()>> Visitor<'de> for Elements<'_, F> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut elements: A) -> Result<(), A::Error> {
        while let Some(object) = elements.next_element::<Value>()? {
            *self.number += 1;
            let (number, read) = (*self.number, self.bytes.get());
            if (self.each)(Item { number, place: Place::Entry(number), read, object: Ok(object) }).is_break() {
                *self.enough = true;
                return Err(A::Error::custom("enough"));
            }
        }
        Ok(())
    }
}

/// Counts and digests what is read.
struct Tally<'a, R> {
    inner: R,
    bytes: &'a Cell<u64>,
    digest: &'a RefCell<Sha256>,
}

impl<R: Read> Read for Tally<'_, R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.bytes.set(self.bytes.get() + count as u64);
        self.digest.borrow_mut().update(&buffer[..count]);
        Ok(count)
    }
}

#[cfg(test)]
mod tests;
