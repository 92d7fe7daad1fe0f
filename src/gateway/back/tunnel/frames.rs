//! Where the frames of a WebSocket end (RFC 6455 §5.2): only there may another one be put between.

/// A stream of frames, as far as it has come.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Frames {
    /// The bytes of the next head that have come.
    head: [u8; 14],
    have: usize,
    /// What is still to come of the payload.
    payload: u64,
}

/// The server is going away (RFC 6455 §7.4.1): a Close frame with the code 1001.
pub(super) const GOING_AWAY: [u8; 4] = [0x88, 2, 0x03, 0xE9];

// === impl Frames ===

impl Frames {
    /// Whether no frame has begun that has not ended.
    pub(super) const fn is_between(&self) -> bool {
        self.have == 0 && self.payload == 0
    }

    /// Passes over the bytes.
    pub(super) fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            bytes = self.step(bytes);
        }
    }

    /// Passes over the bytes up to the end of the frame that has begun, and says how many that are; over all of them if it does
    /// not end here.
    pub(super) fn finish(&mut self, bytes: &[u8]) -> usize {
        let mut rest = bytes;
        while !rest.is_empty() && !self.is_between() {
            rest = self.step(rest);
        }
        bytes.len() - rest.len()
    }

    /// One byte of a head, or as much of a payload as there is.
    fn step<'b>(&mut self, bytes: &'b [u8]) -> &'b [u8] {
        if self.payload > 0 {
            let passed = usize::try_from(self.payload).unwrap_or(usize::MAX).min(bytes.len());
            self.payload -= passed as u64;
            return &bytes[passed..];
        }
        self.head[self.have] = bytes[0];
        self.have += 1;
        if self.have >= 2 && self.have == self.head_length() {
            self.payload = self.payload_length();
            self.have = 0;
        }
        &bytes[1..]
    }

    /// Once its first two bytes are there.
    const fn head_length(&self) -> usize {
        let extended = match self.head[1] & 0x7f {
            126 => 2,
            127 => 8,
            _ => 0,
        };
        let mask = if self.head[1] & 0x80 == 0 { 0 } else { 4 };
        2 + extended + mask
    }

    fn payload_length(&self) -> u64 {
        let big_endian = |bytes: &[u8]| bytes.iter().fold(0, |length, byte| length << 8 | u64::from(*byte));
        match self.head[1] & 0x7f {
            126 => big_endian(&self.head[2..4]),
            127 => big_endian(&self.head[2..10]),
            short => u64::from(short),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(head: &[u8], payload: usize) -> Vec<u8> {
        [head.to_vec(), vec![0x81; payload]].concat()
    }

    /// Frames, by themselves and in a row, in parts of every size.
    #[test]
    fn frames_end_where_they_end() {
        let rows = [
            ("empty", frame(&[0x89, 0], 0)),
            ("short", frame(&[0x81, 5], 5)),
            ("masked", frame(&[0x81, 0x85, 1, 2, 3, 4], 5)),
            ("of two bytes' length", frame(&[0x82, 126, 0x01, 0x00], 256)),
            ("of eight bytes' length", frame(&[0x82, 127, 0, 0, 0, 0, 0, 1, 0, 1], 65_537)),
            ("masked, of two bytes' length", frame(&[0x82, 0xfe, 0x00, 0x80, 9, 9, 9, 9], 128)),
            ("close", GOING_AWAY.to_vec()),
        ];
        for (what, bytes) in &rows {
            for size in [1, 2, 3, 7, bytes.len()] {
                let mut frames = Frames::default();
                let last = bytes.len().div_ceil(size) - 1;
                for (at, part) in bytes.chunks(size).enumerate() {
                    frames.pass(part);
                    assert_eq!(frames.is_between(), at == last, "{what}, in parts of {size}, after part {at}");
                }
            }
        }
        let all: Vec<u8> = rows.iter().flat_map(|(_, bytes)| bytes.clone()).collect();
        let mut ends = Vec::new();
        let (mut frames, mut at) = (Frames::default(), 0);
        while at < all.len() {
            frames.pass(&all[at..=at]);
            at += 1 + frames.finish(&all[at + 1..]);
            ends.push(at);
        }
        let lengths = rows.iter().scan(0, |end, (_, bytes)| {
            *end += bytes.len();
            Some(*end)
        });
        assert_eq!(ends, lengths.collect::<Vec<_>>());
    }
}
