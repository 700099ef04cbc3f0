//! New certificates without a new process.

use std::{sync::Arc, time::Duration};

use tokio::{
    sync::mpsc,
    task::spawn_blocking,
    time::{MissedTickBehavior, interval},
};

use super::{Contents, Fault, Tls, config};

/// How often the files are looked at. They are read whole and compared: dates tell nothing where a
/// link is changed, as Kubernetes does, or where a file is copied with its date.
const LOOK_EVERY: Duration = Duration::from_secs(5);

impl Tls {
    /// Serves what the files hold from now on: on every message of `hangups`, and when they change.
    /// What cannot be served changes nothing, and is logged once.
    pub async fn follow(mut self, mut hangups: mpsc::Receiver<()>) {
        let mut looks = interval(LOOK_EVERY);
        // A process that was frozen looks once, not once for every look that it missed.
        looks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut told = None;
        loop {
            let asked = tokio::select! {
                Some(()) = hangups.recv() => true,
                _ = looks.tick() => false,
            };
            match self.look().await {
                Ok(None) if asked => tracing::info!("the TLS files are as they were"),
                Ok(None) => {}
                Ok(Some(())) => tracing::info!("serving the new TLS files"),
                Err(fault) if asked || told.as_ref() != Some(&fault) => {
                    tracing::warn!("still serving the old TLS files: {fault}");
                    told = Some(fault);
                    continue;
                }
                Err(_) => continue,
            }
            told = None;
        }
    }

    /// Reads the files, and serves them if they differ from what is served.
    async fn look(&mut self) -> Result<Option<()>, Fault> {
        let (settings, loaded) = (self.settings.clone(), self.loaded);
        let look = move || {
            let contents = Contents::read(&settings)?;
            let digest = contents.digest();
            if digest == loaded {
                return Ok(None);
            }
            config(&contents).map(|config| Some((digest, config)))
        };
        let Ok(found) = spawn_blocking(look).await else { return Ok(None) };
        Ok(found?.map(|(digest, config)| {
            self.loaded = digest;
            self.current.reload_from_config(Arc::new(config));
        }))
    }
}
