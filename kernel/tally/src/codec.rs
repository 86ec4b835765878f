//! What has been counted, as bytes and back. Bytes may come from anywhere: what is read is
//! checked, and takes no more memory than some [`MOST`] bytes for each of its own.
//!
//! Whole numbers are LEB128: seven bits a byte, the lowest first, the highest bit says that
//! more follow. What a type writes and how it is checked stands beside the type.

/// Memory that a byte which is read may take, bytes. Types hold to it in how they are written.
pub const MOST: usize = 64;

/// Why bytes cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Damage(pub &'static str);

const CUT: Damage = Damage("it ends too early");

/// Bytes that are written.
#[derive(Default)]
pub struct Writer {
    pub bytes: Vec<u8>,
}

impl Writer {
    #[inline]
    pub fn byte(&mut self, byte: u8) {
        self.bytes.push(byte);
    }

    #[inline]
    pub fn number(&mut self, mut number: u64) {
        while number >= 0x80 {
            self.bytes.push(number as u8 | 0x80);
            number >>= 7;
        }
        self.bytes.push(number as u8);
    }

    /// A number with a sign: those around zero are short.
    pub fn signed(&mut self, number: i64) {
        self.number(((number << 1) ^ (number >> 63)) as u64);
    }

    /// Eight bytes, the lowest first: for numbers of which any is as likely.
    #[inline]
    pub fn fixed(&mut self, number: u64) {
        self.bytes.extend_from_slice(&number.to_le_bytes());
    }

    /// Bytes behind their length.
    pub fn text(&mut self, text: &[u8]) {
        self.number(text.len() as u64);
        self.bytes.extend_from_slice(text);
    }
}

/// Bytes that are read.
pub struct Reader<'a> {
    left: &'a [u8],
}

impl<'a> Reader<'a> {
    pub const fn new(bytes: &'a [u8]) -> Self {
        Self { left: bytes }
    }

    pub fn bytes(&mut self, count: usize) -> Result<&'a [u8], Damage> {
        let (bytes, left) = self.left.split_at_checked(count).ok_or(CUT)?;
        self.left = left;
        Ok(bytes)
    }

    #[inline]
    pub fn byte(&mut self) -> Result<u8, Damage> {
        let (&byte, left) = self.left.split_first().ok_or(CUT)?;
        self.left = left;
        Ok(byte)
    }

    #[inline]
    pub fn number(&mut self) -> Result<u64, Damage> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            let bits = u64::from(byte & 0x7f);
            // The tenth byte has room for one bit, and a last byte of nothing is no number's.
            if bits << shift >> shift != bits || (byte == 0 && shift > 0) {
                break;
            }
            number |= bits << shift;
            if byte < 0x80 {
                return Ok(number);
            }
        }
        Err(Damage("a number is none"))
    }

    pub fn signed(&mut self) -> Result<i64, Damage> {
        let number = self.number()?;
        Ok((number >> 1) as i64 ^ -((number & 1) as i64))
    }

    pub fn fixed(&mut self) -> Result<u64, Damage> {
        let (bytes, left) = self.left.split_first_chunk().ok_or(CUT)?;
        self.left = left;
        Ok(u64::from_le_bytes(*bytes))
    }

    /// How many things follow, of which each takes so many bytes at least: no more than there
    /// is room for, so that memory for them can be set aside.
    pub fn count(&mut self, each: usize) -> Result<usize, Damage> {
        match usize::try_from(self.number()?) {
            Ok(count) if count <= self.left.len() / each => Ok(count),
            _ => Err(CUT),
        }
    }

    pub fn text(&mut self) -> Result<&'a [u8], Damage> {
        let length = self.count(1)?;
        self.bytes(length)
    }

    /// Nothing may follow.
    pub fn end(&self) -> Result<(), Damage> {
        match self.left {
            [] => Ok(()),
            _ => Err(Damage("more follows than belongs to it")),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_and_take_no_more_than_they_need() {
        for (number, size) in [(0, 1), (127, 1), (128, 2), (1 << 35, 6), (u64::MAX, 10)] {
            let mut writer = Writer::default();
            writer.number(number);
            writer.fixed(number);
            writer.signed(number as i64);
            writer.signed((number as i64).wrapping_neg());
            assert!(writer.bytes[size - 1] < 0x80);
            let mut reader = Reader::new(&writer.bytes);
            assert_eq!(reader.number(), Ok(number));
            assert_eq!(reader.left.len(), writer.bytes.len() - size);
            assert_eq!(reader.fixed(), Ok(number));
            assert_eq!(reader.signed(), Ok(number as i64));
            assert_eq!(reader.signed(), Ok((number as i64).wrapping_neg()));
            assert_eq!(reader.end(), Ok(()));
        }
    }

    #[test]
    fn what_is_no_number_is_refused() {
        let long = [0xff; 11];
        let too_large = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 2];
        for bytes in [&long[..], &too_large, &[0x80, 0], &[0x80], &[]] {
            assert!(Reader::new(bytes).number().is_err(), "{bytes:?}");
        }
    }

    #[test]
    fn no_more_is_promised_than_is_there() {
        for (bytes, each) in [(&[3, 1, 2][..], 1), (&[2, 1, 2, 3], 2), (&[1], 1)] {
            assert_eq!(Reader::new(bytes).count(each), Err(CUT));
        }
        let mut huge = Writer::default();
        huge.number(u64::MAX);
        assert_eq!(Reader::new(&huge.bytes).text(), Err(CUT));
        assert_eq!(Reader::new(&[2, 7, 8]).text(), Ok(&[7, 8][..]));
        assert_eq!(Reader::new(&[2, 7]).bytes(3), Err(CUT));
        assert!(Reader::new(&[0]).end().is_err());
    }
}
