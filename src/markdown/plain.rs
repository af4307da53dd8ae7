//! Text without its Markdown, with the way back to the file. Built by `body` piece by piece. Pure.

use super::source::Source;

/// Between two blocks stay at most this many line ends: one empty line.
const MAX_LINE_ENDS: usize = 2;

/// A text under construction.
#[derive(Debug, Default)]
pub(super) struct Plain {
    text: String,
    /// Where runs of the text stand in the file: `(byte in text, byte in file)`.
    origins: Vec<(usize, usize)>,
    /// Line ends that are due before the next piece; none are written at the beginning and the end.
    due: usize,
    /// Whether the next piece begins a block, whose distance from the last one is read off the file.
    block: bool,
    /// Byte in the file after the last piece.
    last: usize,
}

impl Plain {
    pub(super) fn len(&self) -> usize {
        self.text.len()
    }

    pub(super) fn as_str(&self) -> &str {
        &self.text
    }

    /// A line ends here.
    pub(super) fn end_line(&mut self) {
        self.due = self.due.max(1);
    }

    /// The next piece begins a paragraph, an item or another block.
    pub(super) fn begin_block(&mut self) {
        self.block = true;
    }

    /// Adds a piece of text that stands at a byte of the file and takes `width` bytes there; white space at the beginning of a line is dropped.
    pub(super) fn push(&mut self, source: &Source, piece: &str, at: usize, width: usize) {
        let begins_line = self.text.is_empty() || self.due > 0 || self.block || self.text.ends_with('\n');
        let kept = if begins_line { piece.trim_start_matches([' ', '\t']) } else { piece };
        self.push_as_is(source, kept, at + piece.len() - kept.len(), width - (piece.len() - kept.len()).min(width));
    }

    /// Adds a piece with the white space before it.
    pub(super) fn push_as_is(&mut self, source: &Source, piece: &str, at: usize, width: usize) {
        if piece.is_empty() {
            return;
        }
        if self.block && !self.text.is_empty() {
            self.due = self.due.max((source.line(at) - source.line(self.last).min(source.line(at))) as usize);
        }
        if self.due > 0 {
            self.trim_end();
            if !self.text.is_empty() {
                self.text.push_str(&"\n".repeat(self.due.min(MAX_LINE_ENDS)));
            }
        }
        (self.due, self.block) = (0, false);
        let continues = self.origins.last().is_some_and(|(text, file)| file + (self.text.len() - text) == at);
        if !continues {
            self.origins.push((self.text.len(), at));
        }
        self.text.push_str(piece);
        self.last = at + width.max(1) - 1;
    }

    /// The text and its origins.
    pub(super) fn finish(mut self, source: &Source) -> (String, Vec<(usize, usize)>) {
        self.trim_end();
        self.drop_stray_strong(source);
        (self.text, self.origins)
    }

    /// Drops pairs of `**` that CommonMark leaves standing beside Chinese punctuation (`**退货：**七天`): nobody means to send them.
    /// Escaped ones stay.
    fn drop_stray_strong(&mut self, source: &Source) {
        if !self.text.contains("**") {
            return;
        }
        let mut dropped = Vec::new();
        let mut line_start = 0;
        for line in self.text.split_inclusive('\n') {
            let stray = |at: &usize| {
                let (before, after) = source.text().as_bytes().split_at(self.file_offset(*at).min(source.text().len()));
                after.starts_with(b"**") && !before.ends_with(b"\\")
            };
            let found: Vec<usize> = line.match_indices("**").map(|(at, _)| line_start + at).filter(stray).collect();
            if found.len().is_multiple_of(2) {
                dropped.extend(found);
            }
            line_start += line.len();
        }
        let (text, origins) = (std::mem::take(&mut self.text), std::mem::take(&mut self.origins));
        let mut origins = origins.into_iter().peekable();
        let mut at = 0;
        // Byte in the file less byte in the text, of the run being copied.
        let mut run = (0, 0);
        for end in dropped.into_iter().chain(std::iter::once(text.len())) {
            while let Some(next) = origins.next_if(|(start, _)| *start <= at) {
                run = next;
            }
            if at < end {
                self.origins.push((self.text.len(), run.1 + at - run.0));
                while let Some(next) = origins.next_if(|(start, _)| *start < end) {
                    self.origins.push((self.text.len() + next.0 - at, next.1));
                    run = next;
                }
                self.text.push_str(&text[at..end]);
            }
            at = end + 2;
        }
    }

    fn file_offset(&self, at: usize) -> usize {
        crate::entry::file_offset(&self.origins, at)
    }

    fn trim_end(&mut self) {
        self.text.truncate(self.text.trim_end_matches([' ', '\t', '\n']).len());
        let length = self.text.len();
        while self.origins.last().is_some_and(|(text, _)| *text >= length) {
            self.origins.pop();
        }
    }
}
