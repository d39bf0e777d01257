//! A body in the pieces in which it came: it is copied only where it has to be whole.

use std::collections::VecDeque;

use bytes::{Bytes, BytesMut};

/// Pieces of fewer bytes are joined, so that none costs much more than its bytes.
const SHORT: usize = 4 << 10;

/// What came so far.
#[derive(Debug, Default)]
pub(super) struct Pieces {
    /// Where each begins.
    long: Vec<(usize, Bytes)>,
    /// What follows on those: short ones, joined.
    short: BytesMut,
    length: usize,
}

impl Pieces {
    pub(super) fn push(&mut self, piece: Bytes) {
        let length = piece.len();
        if length < SHORT {
            self.short.extend_from_slice(&piece);
        } else {
            self.settle();
            self.long.push((self.length, piece));
        }
        self.length += length;
    }

    /// How many bytes there are.
    pub(super) fn len(&self) -> usize {
        self.length
    }

    /// The bytes from a place on, as far as they stand in one piece; none at the end.
    pub(super) fn at(&self, place: usize) -> &[u8] {
        if let Some(skipped) = place.checked_sub(self.joined_from()) {
            return self.short.get(skipped..).unwrap_or_default();
        }
        let next = self.long.partition_point(|(begin, _)| *begin <= place);
        let piece = next.checked_sub(1).and_then(|at| self.long.get(at));
        piece.and_then(|(begin, piece)| piece.get(place - begin..)).unwrap_or_default()
    }

    /// All bytes in one piece, which is kept.
    pub(super) fn whole(&mut self) -> Bytes {
        self.settle();
        if self.long.len() > 1 {
            let mut whole = BytesMut::with_capacity(self.length);
            self.long.drain(..).for_each(|(_, piece)| whole.extend_from_slice(&piece));
            self.long.push((0, whole.freeze()));
        }
        self.long.first().map(|(_, piece)| piece.clone()).unwrap_or_default()
    }

    /// The pieces from a place on.
    pub(super) fn behind(mut self, place: usize) -> VecDeque<Bytes> {
        self.settle();
        let rest = |(begin, mut piece): (usize, Bytes)| piece.split_off(place.saturating_sub(begin).min(piece.len()));
        self.long.into_iter().map(rest).filter(|piece| !piece.is_empty()).collect()
    }

    /// What is joined is a piece like the others.
    fn settle(&mut self) {
        if !self.short.is_empty() {
            self.long.push((self.joined_from(), self.short.split().freeze()));
        }
    }

    /// Where those begin that are joined.
    fn joined_from(&self) -> usize {
        self.length - self.short.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pieces(lengths: &[usize]) -> (Pieces, Vec<u8>) {
        let (mut pieces, mut all) = (Pieces::default(), Vec::new());
        for length in lengths {
            let piece: Vec<u8> = (all.len()..all.len() + length).map(|at| (at % 251) as u8).collect();
            all.extend_from_slice(&piece);
            pieces.push(Bytes::from(piece));
        }
        (pieces, all)
    }

    #[test]
    fn every_byte_is_where_it_came() {
        for lengths in
            [&[][..], &[0], &[1], &[SHORT], &[1, 2, SHORT, 3, SHORT, SHORT + 1, 1], &[SHORT, 1, 1], &[SHORT - 1, 1, SHORT - 1]]
        {
            let (mut pieces, all) = pieces(lengths);
            assert_eq!(pieces.len(), all.len());
            let mut read = Vec::new();
            while !pieces.at(read.len()).is_empty() {
                let part = pieces.at(read.len());
                read.extend_from_slice(part.get(..part.len().min(1000)).expect("it is no longer"));
            }
            assert_eq!(read, all, "{lengths:?}");
            for place in [0, 1, SHORT, SHORT + 3, all.len(), all.len() + 1] {
                let behind: Vec<Bytes> = self::pieces(lengths).0.behind(place).into();
                assert!(behind.iter().all(|piece| !piece.is_empty()));
                assert_eq!(behind.concat(), all.get(place..).unwrap_or_default(), "{lengths:?} behind {place}");
            }
            assert_eq!(pieces.whole(), all);
            assert_eq!((pieces.len(), pieces.at(0)), (all.len(), &all[..]));
        }
    }

    #[test]
    fn long_pieces_are_not_copied_and_short_ones_are_joined() {
        let long = Bytes::from(vec![7; SHORT]);
        let mut pieces = Pieces::default();
        pieces.push(long.clone());
        (0..100).for_each(|_| pieces.push(Bytes::from_static(b"x")));
        assert_eq!(pieces.at(0).as_ptr(), long.as_ptr());
        assert_eq!(pieces.at(SHORT), [b'x'; 100]);
        assert_eq!(pieces.behind(0).len(), 2);
    }
}
