//! The raw limit: as many bytes into as many sockets of this machine, by a program that does nothing else.

use std::time::{Duration, Instant};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

use crate::{PATIENCE, Spread, Trouble, trouble};

/// About as long as an events frame with one short message.
const FRAME: [u8; 420] = [b'x'; 420];

pub(crate) async fn fan_out(sockets: usize, rounds: usize) -> Result<Spread, Trouble> {
    let listener = TcpListener::bind("127.0.0.1:0").await.map_err(trouble)?;
    let address = listener.local_addr().map_err(trouble)?;
    let (arrived, mut arrivals) = mpsc::channel(sockets.max(1));
    let mut writing = Vec::with_capacity(sockets);
    for _ in 0..sockets {
        let (reading, accepted) = tokio::join!(TcpStream::connect(address), listener.accept());
        let (mut reading, (accepted, _)) = (reading.map_err(trouble)?, accepted.map_err(trouble)?);
        accepted.set_nodelay(true).map_err(trouble)?;
        writing.push(accepted);
        let arrived = arrived.clone();
        tokio::spawn(async move {
            let mut frame = FRAME;
            while reading.read_exact(&mut frame).await.is_ok() {
                if arrived.send(()).await.is_err() {
                    return;
                }
            }
        });
    }
    let mut times: Vec<Duration> = Vec::with_capacity(rounds);
    for _ in 0..rounds {
        let begun = Instant::now();
        for socket in &mut writing {
            socket.write_all(&FRAME).await.map_err(trouble)?;
        }
        for _ in 0..sockets {
            let one = tokio::time::timeout(PATIENCE, arrivals.recv());
            one.await.map_err(trouble)?;
        }
        times.push(begun.elapsed());
    }
    Ok(Spread::of(times))
}
