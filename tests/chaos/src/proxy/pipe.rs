//! One direction of one connection: bytes from one end to the other, through the weather. It never gives a byte twice,
//! never out of order, and nothing after a hole.

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWrite, AsyncWriteExt as _};
use tokio::sync::watch;
use tokio::time::sleep;

use super::Sky;
use super::weather::{Direction, Weather};
use crate::figures::Figures;

/// How a direction came to its end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum End {
    /// Its source said that nothing follows.
    Finished,
    /// An end is gone, or the weather broke the connection.
    Broken,
}

pub(super) struct Pipe {
    pub(super) direction: Direction,
    pub(super) sky: watch::Receiver<Sky>,
    /// How many cuts the link had when the connection began.
    pub(super) cuts: u64,
    pub(super) figures: Figures,
}

impl Pipe {
    /// Carries until there is nothing more to carry.
    pub(super) async fn carry(
        self,
        mut from: impl AsyncRead + Unpin,
        mut to: impl AsyncWrite + Unpin,
    ) -> End {
        let mut sky = self.sky.clone();
        let cuts = self.cuts;
        tokio::select! {
            biased;
            // The sender goes with the link, and so do its connections.
            broken = sky.wait_for(|sky| sky.breaks(cuts)) => {
                if broken.is_ok() {
                    self.figures.fault("connections cut");
                }
                End::Broken
            }
            end = self.carry_all(&mut from, &mut to) => end,
        }
    }

    async fn carry_all(
        &self,
        from: &mut (impl AsyncRead + Unpin),
        to: &mut (impl AsyncWrite + Unpin),
    ) -> End {
        let mut buffer = vec![0; 16 * 1024];
        let mut passed = 0;
        let mut has_hole = false;
        loop {
            let count = match from.read(&mut buffer).await {
                Ok(count) => count,
                Err(_) => return End::Broken,
            };
            let mut rest = &buffer[..count];
            if rest.is_empty() && has_hole {
                // Its end is lost as well.
                std::future::pending::<()>().await;
            }
            if rest.is_empty() {
                // The other end may be gone, which its own direction finds out.
                let _ = to.shutdown().await;
                return End::Finished;
            }
            while !rest.is_empty() && !has_hole {
                let weather = self.sky.borrow().weather;
                if weather.loses(self.direction) {
                    self.figures.fault(weather.kind());
                    has_hole = true;
                    break;
                }
                let Some(piece) = self.wait(weather, rest, passed).await else {
                    self.figures.fault(weather.kind());
                    return End::Broken;
                };
                if to.write_all(&rest[..piece]).await.is_err() || to.flush().await.is_err() {
                    return End::Broken;
                }
                passed += piece;
                rest = &rest[piece..];
                if self.is_torn(weather, passed) {
                    self.figures.fault(weather.kind());
                    return End::Broken;
                }
            }
        }
    }

    /// How many of these bytes go next, when they may; none where the connection is over.
    async fn wait(&self, weather: Weather, rest: &[u8], passed: usize) -> Option<usize> {
        match weather {
            Weather::Slow(wait) => {
                self.figures.fault(weather.kind());
                sleep(wait).await;
                Some(rest.len())
            }
            Weather::Dripping { bytes, pause } => {
                self.figures.fault(weather.kind());
                sleep(pause).await;
                Some(rest.len().min(bytes))
            }
            Weather::Tearing { direction, after } if direction == self.direction => {
                let left = after.saturating_sub(passed);
                (left > 0).then(|| rest.len().min(left))
            }
            Weather::Fair
            | Weather::Refusing
            | Weather::Portal
            | Weather::HalfOpen(_)
            | Weather::Silent
            | Weather::Tearing { .. } => Some(rest.len()),
        }
    }

    fn is_torn(&self, weather: Weather, passed: usize) -> bool {
        match weather {
            Weather::Tearing { direction, after } => direction == self.direction && passed >= after,
            Weather::Fair
            | Weather::Refusing
            | Weather::Portal
            | Weather::HalfOpen(_)
            | Weather::Silent
            | Weather::Slow(_)
            | Weather::Dripping { .. } => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use tokio::io::{DuplexStream, duplex};
    use tokio::task::JoinHandle;
    use tokio::time::Instant;

    use super::*;

    #[tokio::test(start_paused = true)]
    async fn in_fair_weather_all_bytes_and_the_end_pass() {
        let (mut near, mut far, _sky, end) = transferred(Weather::Fair);
        near.write_all(b"hello").await.unwrap();
        near.shutdown().await.unwrap();
        let mut told = Vec::new();
        far.read_to_end(&mut told).await.unwrap();
        assert_eq!(told, b"hello");
        assert_eq!(end.await.unwrap(), End::Finished);
    }

    #[tokio::test(start_paused = true)]
    async fn a_slow_piece_comes_whole_and_late() {
        let (mut near, mut far, _sky, _end) = transferred(Weather::Slow(Duration::from_secs(3)));
        let begin = Instant::now();
        near.write_all(b"hello").await.unwrap();
        let mut told = [0; 5];
        far.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"hello");
        assert_eq!(begin.elapsed(), Duration::from_secs(3));
    }

    #[tokio::test(start_paused = true)]
    async fn drips_are_a_few_bytes_each() {
        let weather = Weather::Dripping {
            bytes: 2,
            pause: Duration::from_secs(1),
        };
        let (mut near, mut far, _sky, _end) = transferred(weather);
        near.write_all(b"hello").await.unwrap();
        let mut told = [0; 16];
        for expected in [&b"he"[..], b"ll", b"o"] {
            let count = far.read(&mut told).await.unwrap();
            assert_eq!(&told[..count], expected);
        }
    }

    #[tokio::test(start_paused = true)]
    async fn nothing_follows_a_hole_also_in_fair_weather() {
        let (mut near, mut far, sky, _end) = transferred(Weather::HalfOpen(Direction::Up));
        near.write_all(b"lost").await.unwrap();
        tokio::time::sleep(Duration::from_secs(1)).await;
        sky.send_modify(|sky| sky.weather = Weather::Fair);
        near.write_all(b"lost, too").await.unwrap();
        near.shutdown().await.unwrap();
        let day = Duration::from_secs(86_400);
        let told = tokio::time::timeout(day, far.read_u8()).await;
        assert!(told.is_err(), "{told:?}");
    }

    #[tokio::test(start_paused = true)]
    async fn the_other_direction_of_a_half_open_connection_goes_on() {
        let (mut near, mut far, _sky, _end) = transferred(Weather::HalfOpen(Direction::Down));
        near.write_all(b"hello").await.unwrap();
        let mut told = [0; 5];
        far.read_exact(&mut told).await.unwrap();
        assert_eq!(&told, b"hello");
    }

    #[tokio::test(start_paused = true)]
    async fn a_torn_stream_gives_so_many_bytes_and_breaks() {
        let weather = Weather::Tearing {
            direction: Direction::Up,
            after: 7,
        };
        let (mut near, mut far, _sky, end) = transferred(weather);
        near.write_all(b"hello").await.unwrap();
        near.write_all(b", world").await.unwrap();
        let mut told = Vec::new();
        far.read_to_end(&mut told).await.unwrap();
        assert_eq!(told, b"hello, ");
        assert_eq!(end.await.unwrap(), End::Broken);
    }

    #[tokio::test(start_paused = true)]
    async fn what_begins_to_refuse_breaks_what_is_there() {
        let (_near, mut far, sky, end) = transferred(Weather::Fair);
        sky.send_modify(|sky| sky.weather = Weather::Refusing);
        assert_eq!(end.await.unwrap(), End::Broken);
        assert_eq!(far.read(&mut [0; 1]).await.unwrap(), 0);
    }

    #[tokio::test(start_paused = true)]
    async fn a_cut_breaks_what_was_there_and_nothing_later() {
        let (_near, _far, sky, end) = transferred(Weather::Fair);
        sky.send_modify(|sky| sky.cuts += 1);
        assert_eq!(end.await.unwrap(), End::Broken);
        assert!(!sky.borrow().breaks(1));
    }

    /// Both ends of what is transferred, and what is between them.
    fn transferred(
        weather: Weather,
    ) -> (
        DuplexStream,
        DuplexStream,
        watch::Sender<Sky>,
        JoinHandle<End>,
    ) {
        let (near, from) = duplex(64);
        let (to, far) = duplex(64);
        let sky = watch::Sender::new(Sky { weather, cuts: 0 });
        let pipe = Pipe {
            direction: Direction::Up,
            sky: sky.subscribe(),
            cuts: 0,
            figures: Figures::default(),
        };
        let end = tokio::spawn(pipe.carry(from, to));
        (near, far, sky, end)
    }
}
