//! Large pages for the engine's memory. Kernels walk it in strides of kilobytes, and with pages of 4 KiB the processor then
//! spends as long on finding out where a page lies as on what it computes.

use crate::entry::PAGE;

/// Lets Linux back the memory by pages of 2 MiB where it has some; it is free not to, so that there is no answer. Does nothing
/// on other systems.
///
/// # Safety
/// `heap` must be the start of a WebAssembly memory, and `maximum_pages` what it may grow to: advice past its end would reach
/// whatever lies there.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn axial_prefer_large_pages(heap: *mut u8, maximum_pages: u32) {
    let bytes = maximum_pages as usize * PAGE;
    #[cfg(target_os = "linux")]
    // SAFETY: this advice changes nothing that is in the memory; of what is reserved and not yet in use it holds from then on.
    unsafe {
        linux::madvise(heap, bytes, linux::MADV_HUGEPAGE);
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (heap, bytes);
}

#[cfg(target_os = "linux")]
mod linux {
    pub const MADV_HUGEPAGE: i32 = 14;

    unsafe extern "C" {
        pub fn madvise(start: *mut u8, bytes: usize, advice: i32) -> i32;
    }
}

#[cfg(all(test, target_os = "linux", not(miri)))]
mod tests {
    use super::*;

    /// Flags of the mapping that holds `address`, as the kernel lists them.
    fn flags_at(address: usize) -> String {
        let mut inside = false;
        for line in std::fs::read_to_string("/proc/self/smaps").unwrap().lines() {
            let range = line.split_once(' ').and_then(|(range, _)| range.split_once('-'));
            let bound = |text: &str| usize::from_str_radix(text, 16).ok();
            if let Some((Some(start), Some(end))) = range.map(|(start, end)| (bound(start), bound(end))) {
                inside = (start..end).contains(&address);
            } else if inside && let Some(flags) = line.strip_prefix("VmFlags:") {
                return flags.to_owned();
            }
        }
        panic!("no mapping holds {address:x}");
    }

    #[test]
    fn the_advice_reaches_the_memory_and_nothing_behind_it() {
        if !std::path::Path::new("/sys/kernel/mm/transparent_hugepage").exists() {
            return;
        }
        let room = vec![0_u8; 16 << 20];
        let start = (room.as_ptr() as usize).next_multiple_of(1 << 21);
        let pages = (4 << 20) / PAGE;
        // SAFETY: the advised 4 MiB lie within the 16 that are ours.
        unsafe { axial_prefer_large_pages(start as *mut u8, pages as u32) };
        let advised = |address: usize| flags_at(address).split(' ').any(|flag| flag == "hg");
        assert!(advised(start) && advised(start + (4 << 20) - 1));
        assert!(!advised(start + (4 << 20)));
    }
}
