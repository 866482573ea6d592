//! Takes decisions out of bytes: whatever they are, they mean something, and the end of them means nought.

/// The bytes that are left.
pub(crate) struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    pub(crate) const fn new(bytes: &'a [u8]) -> Self {
        Self(bytes)
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    /// A number below `limit`; 0 if that is 0.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        let mut number = usize::from(self.byte());
        if limit > 256 {
            number = number << 16 | usize::from(self.byte()) << 8 | usize::from(self.byte());
        }
        number.checked_rem(limit).unwrap_or(0)
    }

    /// One of these.
    pub(crate) fn pick<'p, T>(&mut self, among: &'p [T]) -> Option<&'p T> {
        among.get(self.below(among.len()))
    }

    /// Up to so many bytes.
    pub(crate) fn take(&mut self, count: usize) -> &'a [u8] {
        let (taken, rest) = self.0.split_at_checked(count).unwrap_or((self.0, &[]));
        self.0 = rest;
        taken
    }
}
