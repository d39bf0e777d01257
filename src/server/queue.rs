//! What the system still holds of what was written to a connection.

use std::ffi::c_int;
use std::os::fd::AsFd;

use rustix::ioctl::{Getter, Opcode, ioctl};

/// `SIOCOUTQ`, which is written as its older twin is.
const ASK: Opcode = nix::libc::TIOCOUTQ as Opcode;

/// How many bytes the other end has not taken yet; none where nobody knows.
#[expect(unsafe_code, reason = "the question has no safe form in any library")]
pub(super) fn queued(connection: &impl AsFd) -> Option<c_int> {
    // SAFETY: of a socket, this opcode asks for one `int`, and changes nothing. What is no socket refuses it, or knows it as a terminal does:
    // with the same answer.
    unsafe { ioctl(connection, Getter::<ASK, c_int>::new()) }.ok()
}

#[cfg(test)]
mod tests {
    use std::io::{ErrorKind, Read as _};
    use std::net::{TcpListener, TcpStream};
    use std::os::unix::net::UnixStream;

    use super::*;

    /// Writes until the system takes no more.
    fn fill(mut stream: impl std::io::Write) {
        let error = loop {
            match stream.write(&[b'x'; 4096]) {
                Ok(written) => assert!(written > 0),
                Err(error) => break error,
            }
        };
        assert_eq!(error.kind(), ErrorKind::WouldBlock);
    }

    #[test]
    fn it_grows_with_what_waits_and_shrinks_with_what_is_taken() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let mut far = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (near, _) = listener.accept().unwrap();
        near.set_nonblocking(true).unwrap();
        assert_eq!(queued(&near), Some(0));
        fill(&near);
        let full = queued(&near).unwrap();
        assert!(full > 0);
        far.read_exact(&mut vec![0; 1 << 20]).unwrap();
        assert!(queued(&near).unwrap() < full);
    }

    #[test]
    fn a_socket_of_the_file_system_knows_it_as_well() {
        let (near, mut far) = UnixStream::pair().unwrap();
        near.set_nonblocking(true).unwrap();
        fill(&near);
        let full = queued(&near).unwrap();
        far.read_exact(&mut [0; 4096 * 2]).unwrap();
        assert!(queued(&near).unwrap() < full);
    }

    #[test]
    fn whoever_does_not_know_says_nothing() {
        assert_eq!(queued(&std::fs::File::open("/dev/null").unwrap()), None);
    }
}
