//! Pages of the program that only its start needed, given back to the system.
//!
//! Reading and compiling a configuration runs through most of the program once. What stays mapped of it counts as memory of the process,
//! and is the last that the system takes back when memory is short, although nothing will run there again. After this call only what is
//! run is mapped again, from the page cache.

use std::ffi::c_void;
use std::ops::Range;
use std::ptr::{NonNull, with_exposed_provenance_mut};

use nix::sys::mman::{MmapAdvise, madvise};

/// Gives back every page that is the file's own, code and constants, and says how many bytes of the address space that were. Nothing where
/// `/proc` is not mounted.
pub(super) fn give_back() -> usize {
    let Ok(smaps) = std::fs::read_to_string("/proc/self/smaps") else { return 0 };
    let here: fn() -> usize = give_back;
    of_file(&smaps, here as usize).into_iter().filter(forget).map(|range| range.len()).sum()
}

#[expect(unsafe_code, reason = "the kernel is told to forget pages: no type knows what they hold")]
fn forget(range: &Range<usize>) -> bool {
    let Some(start) = NonNull::new(with_exposed_provenance_mut::<c_void>(range.start)) else { return false };
    // SAFETY: the kernel has just said that the process cannot write to this mapping and that none of its pages is a copy, so each holds what the
    // file does, and whoever touches it next gets the same bytes from there. The file of a program that runs cannot be written to.
    unsafe { madvise(start, range.len(), MmapAdvise::MADV_DONTNEED) }.is_ok()
}

/// The mappings of the file that `address` is mapped from which cannot be written to and of which no page is a copy: one that was written
/// to before it was protected, as the table of addresses is, would lose what was written.
fn of_file(smaps: &str, address: usize) -> Vec<Range<usize>> {
    let mut mappings: Vec<Mapping> = Vec::new();
    for line in smaps.lines() {
        if let Some(mapping) = Mapping::parse(line) {
            mappings.push(mapping);
        } else if let (Some(size), Some(mapping)) = (line.strip_prefix("Anonymous:"), mappings.last_mut()) {
            mapping.is_as_the_file = size.trim() == "0 kB";
        }
    }
    let Some(file) = mappings.iter().find(|mapping| mapping.range.contains(&address)).map(|mapping| mapping.file) else {
        return Vec::new();
    };
    mappings
        .into_iter()
        .filter(|mapping| mapping.file == file && !mapping.is_writable && mapping.is_as_the_file)
        .map(|mapping| mapping.range)
        .collect()
}

struct Mapping<'a> {
    range: Range<usize>,
    is_writable: bool,
    /// Device and inode.
    file: (&'a str, &'a str),
    /// No page is a copy.
    is_as_the_file: bool,
}

impl<'a> Mapping<'a> {
    /// `START-END PERMISSIONS OFFSET DEVICE INODE NAME`, from a line that begins a mapping; the other lines are `Key: value`.
    fn parse(line: &'a str) -> Option<Self> {
        let mut fields = line.split_ascii_whitespace();
        let (start, end) = fields.next()?.split_once('-')?;
        let number = |text| usize::from_str_radix(text, 16).ok();
        let range = number(start)?..number(end)?;
        let permissions = fields.next()?;
        let (device, inode) = (fields.nth(1)?, fields.next()?);
        Some(Self { range, is_writable: permissions.contains('w'), file: (device, inode), is_as_the_file: false })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SMAPS: &str = "\
1000-3000 r--p 00000000 08:01 77                         /bin/program
Size:                  8 kB
Anonymous:             0 kB
VmFlags: rd mr mw me
3000-9000 r-xp 00002000 08:01 77                         /bin/program
Anonymous:             0 kB
9000-a000 r--p 00008000 08:01 77                         /bin/program
Anonymous:             4 kB
a000-b000 rw-p 00009000 08:01 77                         /bin/program
Anonymous:             0 kB
b000-c000 rw-p 00000000 00:00 0
Anonymous:             0 kB
c000-d000 r-xp 00000000 08:01 78                         /lib/libc.so
Anonymous:             0 kB
ffffffffff600000-ffffffffff601000 --xp 00000000 00:00 0  [vsyscall]
";

    #[test]
    fn what_is_as_the_file_has_it_and_stays_so_is_found() {
        for (address, expected) in [
            (0x3000, &[(0x1000, 0x3000), (0x3000, 0x9000)][..]),
            (0x8fff, &[(0x1000, 0x3000), (0x3000, 0x9000)][..]),
            (0xc123, &[(0xc000, 0xd000)][..]),
            // No mapping; and then nothing is known of any.
            (0x500, &[][..]),
            (0xd000, &[][..]),
        ] {
            let found: Vec<_> = of_file(SMAPS, address).into_iter().map(|range| (range.start, range.end)).collect();
            assert_eq!(found, expected, "{address:#x}");
        }
    }

    #[test]
    fn a_mapping_of_which_the_kernel_does_not_say_that_it_holds_no_copy_is_left_alone() {
        for without in [
            "1000-3000 r-xp 0 08:01 77 /a\n",
            "1000-3000 r-xp 0 08:01 77 /a\nAnonymous: 8 kB\n",
            "",
            "Anonymous: 0 kB\n",
            "x-y\n",
        ] {
            assert!(of_file(without, 0x1000).is_empty(), "{without:?}");
        }
        // The heap that follows a mapping says nothing of it.
        let table = "1000-2000 r--p 0 08:01 77 /a\nAnonymous: 4 kB\n2000-3000 rw-p 0 00:00 0 [heap]\nAnonymous: 0 kB\n";
        assert!(of_file(table, 0x1000).is_empty());
    }

    #[test]
    fn the_program_runs_on_while_its_pages_go_and_come() {
        let text = "what the program holds as a constant";
        std::thread::scope(|threads| {
            for _ in 0..4 {
                threads.spawn(|| assert!((0..20).all(|_| give_back() > 1 << 20)));
            }
            assert!((0..2_000).all(|turn| format!("{text} {turn}").len() > text.len()));
        });
    }
}
