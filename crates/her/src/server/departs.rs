//! Departures over HTTP: begin, look, cancel, complete, adopt; and the threads that serve them.

use std::sync::Arc;
use std::thread::JoinHandle;

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Request, StatusCode};
use her_identity::house::Place;
use her_identity::migrate::Followed;
use her_identity::{Error, Result};
use serde::Deserialize;
use serde_json::{Value, json};

use super::answer::{self, Answer, At};
use super::audit::noted;
use super::body;
use super::moved::Nodes;
use super::problem::Problem;
use super::{App, told_to_stop};
use crate::config::Settings;
use crate::depart::Departs;
use crate::node::{Key, Listener};

/// What a server with other nodes runs besides its routes.
pub(super) struct Running {
    listener: Option<Listener>,
    threads: Vec<JoinHandle<()>>,
    departs: Arc<Departs>,
}

impl Running {
    /// Listens for nodes, if that is wanted, and looks after what waits.
    pub fn start(
        (app, routes): (&Arc<App>, &Router),
        (departs, key): (&Arc<Departs>, &Key),
        settings: &Settings,
        runtime: &tokio::runtime::Handle,
    ) -> Result<Self> {
        let nodes = Nodes {
            app: Arc::clone(app),
            departs: Arc::clone(departs),
            routes: routes.clone(),
            runtime: runtime.clone(),
        };
        let guests = app.syncs.nodes().guests();
        let listener = settings
            .node_listen
            .map(|at| Listener::start(key, guests, at, Box::new(nodes)))
            .transpose()?;
        if let Some(listener) = &listener {
            app.syncs.listens(listener.addr());
        }
        runtime.spawn(tell_of_moves(Arc::clone(app)));
        let thread = |name: &str, run: fn(&Arc<Departs>)| {
            let departs = Arc::clone(departs);
            let thread = std::thread::Builder::new().name(name.to_owned());
            let started = thread.spawn(move || run(&departs));
            started.map_err(|e| Error::io("starting a thread that speaks to other nodes", e))
        };
        let threads =
            vec![thread("her-register", Departs::watch)?, thread("her-follow", |d| d.follow())?];
        Ok(Self { listener, threads, departs: Arc::clone(departs) })
    }

    /// Where it listens for nodes.
    pub fn addr(&self) -> Option<std::net::SocketAddr> {
        self.listener.as_ref().map(Listener::addr)
    }

    /// Ends departures that can end, and closes the way to other nodes.
    pub fn stop(mut self) {
        self.departs.stop();
        // A panic of a thread was printed when it happened.
        for thread in self.threads {
            let _ = thread.join();
        }
        if let Some(listener) = &mut self.listener {
            listener.stop();
        }
    }
}

/// How often it is looked whether an identity has left, for those who talk to it.
const LOOK: std::time::Duration = std::time::Duration::from_millis(100);

/// Tells channels that an identity may have left, until the server ends.
async fn tell_of_moves(app: Arc<App>) {
    let (mut before, mut stopping) = (app.house.places(), app.stopping.clone());
    loop {
        tokio::select! {
            () = tokio::time::sleep(LOOK) => {}
            () = told_to_stop(&mut stopping) => return,
        }
        let now = app.house.places();
        if now != before {
            app.moves.send_modify(|n| *n += 1);
            before = now;
        }
    }
}

pub(super) fn departs(app: &App) -> std::result::Result<Arc<Departs>, Problem> {
    app.departs.clone().ok_or_else(|| {
        Problem::from(Error::not_found(
            "this server knows no other node; add node.listen and tables [nodes.NAME] to its \
             settings (`her node` shows its key)",
        ))
    })
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Wish {
    to: String,
    #[serde(default)]
    dry_run: bool,
    #[serde(default = "yes")]
    leave: bool,
}

fn yes() -> bool {
    true
}

/// `POST …/depart`.
pub(super) async fn depart(
    State(app): State<Arc<App>>,
    At(name): At<String>,
    request: Request<Body>,
) -> Answer {
    let wish: Wish = serde_json::from_value(body::json(request, &app.limits).await?)
        .map_err(|e| Problem::from(Error::invalid(format!("the body: {e}"))))?;
    let departs = departs(&app)?;
    let (to, dry) = (wish.to.clone(), wish.dry_run);
    let job = app
        .blocking(move |_| {
            if dry {
                departs.rehearse(&name, &wish.to)
            } else {
                departs.begin(&name, &wish.to, wish.leave)
            }
        })
        .await?;
    let status = if dry { StatusCode::OK } else { StatusCode::ACCEPTED };
    let note = format!("to {to}{}", if dry { ", only asked" } else { "" });
    Ok(noted(answer::json(status, &json!(job)), note))
}

/// `GET /v1/departures`.
pub(super) async fn list(State(app): State<Arc<App>>) -> Answer {
    let jobs = app.departs.as_ref().map(|departs| departs.jobs()).unwrap_or_default();
    Ok(answer::json(StatusCode::OK, &json!({ "departures": jobs })))
}

/// `GET /v1/departures/{id}`.
pub(super) async fn job(State(app): State<Arc<App>>, At(id): At<String>) -> Answer {
    Ok(answer::json(StatusCode::OK, &json!(departs(&app)?.job(&id)?)))
}

/// `GET …/departures`.
pub(super) async fn of(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    app.house.record(&name)?;
    let jobs = app.departs.as_ref().map(|departs| departs.jobs()).unwrap_or_default();
    let jobs: Vec<_> = jobs.into_iter().filter(|job| job.identity == name).collect();
    let place = place_of(&app, &name);
    Ok(answer::json(StatusCode::OK, &json!({ "place": place, "departures": jobs })))
}

/// `POST /v1/departures/{id}/cancel`.
pub(super) async fn cancel(State(app): State<Arc<App>>, At(id): At<String>) -> Answer {
    let job = departs(&app)?.cancel(&id)?;
    let note = format!("departure {id} of {}", job.identity);
    Ok(noted(answer::json(StatusCode::ACCEPTED, &json!(job)), note))
}

/// `POST …/complete`.
pub(super) async fn complete(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let departs = departs(&app)?;
    let whose = name.clone();
    app.blocking(move |_| departs.complete(&whose)).await?;
    Ok(answer::json(StatusCode::OK, &json!({ "name": name, "place": place_of(&app, &name) })))
}

/// `POST …/adopt`.
pub(super) async fn adopt(State(app): State<Arc<App>>, At(name): At<String>) -> Answer {
    let departs = departs(&app)?;
    let whose = name.clone();
    let head = app.blocking(move |house| house.adopt(&whose, departs.host().me())).await?;
    let said = json!({ "name": name, "version": head.seq, "epoch": head.epoch });
    Ok(noted(answer::card(StatusCode::OK, &said), format!("epoch {}", head.epoch)))
}

/// `GET /v1/nodes`.
pub(super) async fn nodes(State(app): State<Arc<App>>) -> Answer {
    let Some(departs) = &app.departs else {
        return Ok(answer::json(StatusCode::OK, &json!({ "node": null, "nodes": [] })));
    };
    let seen = departs.seen();
    let node = |peer: &crate::node::Peer| {
        let seen = seen.get(&peer.key);
        json!({
            "name": peer.name,
            "key": peer.key,
            "at": peer.at,
            "url": peer.url,
            "ready": seen.is_some_and(|seen| seen.ready),
            "tier": seen.map(|seen| seen.load.tier),
            "cpu": seen.map(|seen| seen.load.cpu),
            "memory": seen.map(|seen| seen.load.memory),
            "coming": seen.map(|seen| seen.load.coming),
            "rtt_ms": seen.map(|seen| seen.rtt.as_secs_f64() * 1e3),
        })
    };
    let nodes: Vec<Value> = departs.peers().all().map(node).collect();
    let places: Vec<Value> = app
        .house
        .places()
        .keys()
        .map(|name| json!({ "name": name, "place": place_of(&app, name) }))
        .collect();
    let said = json!({ "node": departs.host().me(), "nodes": nodes, "places": places });
    Ok(answer::json(StatusCode::OK, &said))
}

/// Where an identity is, as JSON.
pub(super) fn place_of(app: &App, name: &str) -> Value {
    match app.house.place(name) {
        Place::Here => {
            let followed = app.departs.as_ref().and_then(|departs| departs.followed(name));
            match followed {
                Some(Followed { by, version }) => {
                    json!({ "at": "here", "followed": { "node": by, "version": version } })
                }
                None => json!({ "at": "here" }),
            }
        }
        Place::Departing => json!({ "at": "departing" }),
        Place::Waiting => json!({ "at": "waiting" }),
        Place::Moved(cell) => {
            let peer = app.departs.as_ref().and_then(|departs| departs.peers().get(cell.owner));
            json!({
                "at": "moved",
                "node": cell.owner,
                "epoch": cell.epoch,
                "name": peer.map(|peer| &peer.name),
                "url": peer.and_then(|peer| peer.url.as_ref()),
            })
        }
    }
}
