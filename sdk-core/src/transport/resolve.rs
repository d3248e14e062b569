//! Asking the system for the addresses of a name. On a bad network that takes half a minute, and nothing ends it:
//! so it is done on a thread of its own, and who waits for the answer can go.
//!
//! It must never take a thread that the store or files need, nor hold anything of a client: what is still asking
//! when a client has ended keeps nothing of it, and wakes nobody.

use std::io;
use std::net::{IpAddr, SocketAddr, ToSocketAddrs as _};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use reqwest::dns::{Addrs, Name, Resolve, Resolving};
use tokio::sync::watch;

/// A question that was asked so shortly before is not asked again. Later the network may be another one.
const FRESH: Duration = Duration::from_secs(2);
/// How many questions are under way at most; who asks once more waits with the last.
const MOST: usize = 4;

/// How a name is looked up. Blocks.
pub(crate) type Lookup = fn(&str) -> io::Result<Vec<IpAddr>>;

type Answer = Result<Vec<IpAddr>, String>;

/// Where addresses come from. Clones share what is under way.
#[derive(Debug, Clone)]
pub(crate) struct Resolver {
    lookup: Lookup,
    questions: Arc<Mutex<Vec<Question>>>,
}

#[derive(Debug)]
struct Question {
    host: String,
    asked: Instant,
    answer: watch::Receiver<Option<Answer>>,
}

impl Resolver {
    /// Asks the system.
    pub(crate) fn system() -> Self {
        Self::of(|host| {
            let addresses = (host, 0).to_socket_addrs()?;
            Ok(addresses.map(|address| address.ip()).collect())
        })
    }

    /// Asks this.
    pub(crate) fn of(lookup: Lookup) -> Self {
        Self {
            lookup,
            questions: Arc::default(),
        }
    }

    /// The addresses of a host, which may be an address itself.
    pub(crate) async fn addresses(&self, host: &str) -> io::Result<Vec<IpAddr>> {
        let bare = host.trim_start_matches('[').trim_end_matches(']');
        if let Ok(address) = bare.parse() {
            return Ok(vec![address]);
        }
        let mut answer = self.ask(bare)?;
        // Without an answer the thread has panicked, which was reported there.
        let answered = answer.wait_for(Option::is_some).await;
        match answered.ok().and_then(|answer| answer.clone()) {
            Some(Ok(addresses)) => Ok(addresses),
            Some(Err(reason)) => Err(io::Error::other(reason)),
            None => Err(io::Error::other("no answer")),
        }
    }

    fn ask(&self, host: &str) -> io::Result<watch::Receiver<Option<Answer>>> {
        // A list of what was asked: a panic elsewhere leaves nothing half done in it.
        let mut questions = self
            .questions
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        questions.retain(Question::is_under_way);
        let full = questions.len() >= MOST;
        let same = questions.iter().rev().find(|it| it.host == host);
        if let Some(same) = same
            && (full || same.asked.elapsed() < FRESH)
        {
            return Ok(same.answer.clone());
        }
        let (answered, answer) = watch::channel(None);
        let (lookup, name) = (self.lookup, host.to_owned());
        thread::Builder::new()
            .name("fulmar-dns".to_owned())
            .spawn(move || {
                let found = lookup(&name).map_err(|error| error.to_string());
                answered.send_replace(Some(found));
            })?;
        questions.push(Question {
            host: host.to_owned(),
            asked: Instant::now(),
            answer: answer.clone(),
        });
        Ok(answer)
    }
}

impl Question {
    fn is_under_way(&self) -> bool {
        // The second is wrong when its thread has panicked.
        self.answer.borrow().is_none() && self.answer.has_changed().is_ok()
    }
}

impl Resolve for Resolver {
    fn resolve(&self, name: Name) -> Resolving {
        let resolver = self.clone();
        Box::pin(async move {
            let addresses = resolver.addresses(name.as_str()).await?;
            // The port comes from the URL.
            let addresses = addresses.into_iter().map(|ip| SocketAddr::new(ip, 0));
            let addresses: Addrs = Box::new(addresses);
            Ok(addresses)
        })
    }
}

#[cfg(test)]
mod tests {
    use std::net::{IpAddr, Ipv4Addr};
    use std::sync::atomic::{AtomicUsize, Ordering};

    use super::Resolver;

    const HERE: IpAddr = IpAddr::V4(Ipv4Addr::LOCALHOST);

    #[tokio::test]
    async fn an_address_needs_no_question() {
        let resolver = Resolver::of(|_| panic!("asked"));
        assert_eq!(
            resolver.addresses("127.0.0.1").await.unwrap(),
            [Ipv4Addr::LOCALHOST]
        );
        assert_eq!(
            resolver.addresses("[::1]").await.unwrap(),
            ["::1".parse::<IpAddr>().unwrap()]
        );
    }

    #[tokio::test]
    async fn who_asks_at_once_shares_an_answer_and_who_asks_later_gets_a_new_one() {
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        let resolver = Resolver::of(|_| {
            ASKED.fetch_add(1, Ordering::SeqCst);
            // Until both have asked.
            while ASKED.load(Ordering::SeqCst) == 1 {
                std::thread::yield_now();
            }
            Ok(vec![HERE])
        });
        let both = async {
            tokio::join!(
                resolver.addresses("chat.example"),
                resolver.addresses("chat.example"),
                async { ASKED.fetch_add(9, Ordering::SeqCst) }
            )
        };
        let (one, other, _) = both.await;
        assert_eq!(one.unwrap(), [HERE]);
        assert_eq!(other.unwrap(), [HERE]);
        assert!(ASKED.load(Ordering::SeqCst) <= 10, "one question for both");
        resolver.addresses("chat.example").await.unwrap();
        assert_eq!(ASKED.load(Ordering::SeqCst), 11);
    }

    #[tokio::test]
    async fn a_name_that_is_not_known_is_an_error_with_its_reason() {
        let resolver = Resolver::of(|host| Err(std::io::Error::other(format!("no {host}"))));
        let error = resolver.addresses("nowhere.example").await.unwrap_err();
        assert_eq!(error.to_string(), "no nowhere.example");
    }
}
