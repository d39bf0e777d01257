//! What no proxy goes below: what comes on a connection goes out on the other, unseen, with one call to receive it and one to send it.

use std::io::{ErrorKind, Read as _, Write as _};
use std::mem::MaybeUninit;
use std::net::{SocketAddr, TcpListener, TcpStream};

use rustix::event::epoll::{self, CreateFlags, Event, EventData, EventFlags};

/// More than any answer of this benchmark has.
const ROOM: usize = 64 << 10;
/// The event that tells of a connection to be accepted.
const ACCEPT: u64 = u64::MAX;

/// Accepts connections, and gives each one of its own to the backend.
pub(crate) fn run(listener: &TcpListener, upstream: SocketAddr) {
    let events = epoll::create(CreateFlags::CLOEXEC).unwrap();
    epoll::add(&events, listener, EventData::new_u64(ACCEPT), EventFlags::IN).unwrap();
    // Both ends of a pair stand side by side.
    let mut ends: Vec<TcpStream> = Vec::new();
    let mut buffer = vec![0; ROOM];
    let mut ready = [MaybeUninit::<Event>::uninit(); 256];
    loop {
        let (ready, _) = epoll::wait(&events, &mut ready, None).unwrap();
        for event in ready {
            match event.data.u64() {
                ACCEPT => {
                    for stream in [listener.accept().unwrap().0, TcpStream::connect(upstream).unwrap()] {
                        stream.set_nodelay(true).unwrap();
                        stream.set_nonblocking(true).unwrap();
                        epoll::add(&events, &stream, EventData::new_u64(ends.len() as u64), EventFlags::IN | EventFlags::ET)
                            .unwrap();
                        ends.push(stream);
                    }
                }
                end => match (&ends[end as usize]).read(&mut buffer) {
                    Ok(0) => epoll::delete(&events, &ends[end as usize]).unwrap(),
                    Ok(came) => (&ends[end as usize ^ 1]).write_all(&buffer[..came]).unwrap(),
                    Err(error) => assert_eq!(error.kind(), ErrorKind::WouldBlock),
                },
            }
        }
    }
}
