//! How a kernel is called from outside: `axial_NAME(heap, heap_pages, args, part, parts) -> code`.
//!
//! A panic must not cross into the caller, which is JavaScript's engine: every entry catches it, keeps its message for
//! `axial_fault`, and answers 1. (`panic = "abort"` or an unwinding ABI would end the process.)

use std::ffi::{CString, c_char};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Mutex, Once, PoisonError};

use crate::call::Call;
use crate::heap::Heap;

/// Bytes of a page of WebAssembly memory.
pub const PAGE: usize = 65_536;

static FAULT: Mutex<Option<CString>> = Mutex::new(None);
static HOOK: Once = Once::new();

/// Keeps the message of a panic, with its place, rather than print it.
fn keep_messages() {
    HOOK.call_once(|| {
        panic::set_hook(Box::new(|info| {
            let place = info
                .location()
                .map(|at| format!(" ({}:{})", at.file(), at.line()))
                .unwrap_or_default();
            let payload = info.payload();
            let message = payload.downcast_ref::<&str>().copied();
            let message = message.or_else(|| payload.downcast_ref::<String>().map(String::as_str));
            let message = message.unwrap_or("a kernel panicked");
            let text = format!("{message}{place}").replace('\0', " ");
            *FAULT.lock().unwrap_or_else(PoisonError::into_inner) = CString::new(text).ok();
        }));
    });
}

/// # Safety
/// `heap` must be the start of a shared WebAssembly memory of `heap_pages` pages, `args` the offset of an argument block in
/// it that is laid out for `kernel`, and the kernel's other shares the only ones to touch what it writes.
pub unsafe fn run(heap: *mut u8, heap_pages: u32, args: u32, part: i32, parts: i32, kernel: fn(&Call)) -> i32 {
    keep_messages();
    let outcome = panic::catch_unwind(AssertUnwindSafe(|| {
        // SAFETY: the caller vouches for the memory.
        let heap = unsafe { Heap::new(heap, heap_pages as usize * PAGE) };
        kernel(&Call::new(heap, args as usize, part as usize, parts as usize));
    }));
    i32::from(outcome.is_err())
}

/// The message of the last panic of any thread, valid until the next one; null if there was none.
#[unsafe(no_mangle)]
pub extern "C" fn axial_fault() -> *const c_char {
    let fault = FAULT.lock().unwrap_or_else(PoisonError::into_inner);
    fault.as_ref().map_or(std::ptr::null(), |message| message.as_ptr())
}

/// The revision of how kernels are called and what their arguments mean; the binding (`../binding.ts`) asks for its own.
const ABI: u32 = 2;

#[unsafe(no_mangle)]
pub extern "C" fn axial_abi() -> u32 {
    ABI
}

/// The instruction set that this library uses on this processor.
#[unsafe(no_mangle)]
pub extern "C" fn axial_instruction_set() -> *const c_char {
    crate::simd::instruction_set().as_ptr().cast()
}

/// Exports kernels under their names, and the list of these.
macro_rules! kernels {
    ($($name:ident => $kernel:path,)*) => {
        /// Names of all kernels, each followed by a space.
        const NAMES: &str = concat!($(stringify!($name), " ",)* "\0");

        #[unsafe(no_mangle)]
        pub extern "C" fn axial_kernels() -> *const std::ffi::c_char {
            NAMES.as_ptr().cast()
        }

        $(const _: () = {
            /// # Safety
            /// As of [`run`](crate::entry::run).
            #[unsafe(export_name = concat!("axial_", stringify!($name)))]
            unsafe extern "C" fn enter(heap: *mut u8, heap_pages: u32, args: u32, part: i32, parts: i32) -> i32 {
                // SAFETY: as the caller vouches.
                unsafe { $crate::entry::run(heap, heap_pages, args, part, parts, $kernel) }
            }
        };)*
    };
}
pub(crate) use kernels;
