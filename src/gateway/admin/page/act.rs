//! What operators do: first a page says what it will do, then it is done.

use std::sync::Arc;

use axum::Form;
use axum::extract::State;
use axum::response::Response;
use http::{Extensions, StatusCode};
use minijinja::context;
use serde::Serialize;
use serde_json::{Map, Value};

use super::config::Differences;
use super::login::{Fields, foreign, not_a_form};
use super::query::{PageQuery, path};
use super::render::{PageError, PageResult, page};
use super::session::Visitor;
use super::{Admin, effect, unknown};
use crate::gateway::admin::acts::OperatorAct;
use crate::gateway::admin::answer::AdminError;
use crate::gateway::admin::request::{ActRequest, FORCE};
use crate::gateway::admin::route::Names;
use crate::gateway::admin::via_of;
use crate::gateway::config::reload::ReloadCommand;

/// What a page offers.
enum PageAct {
    Operator(OperatorAct),
    Rollback(u64),
}

#[derive(Debug, Serialize)]
struct ActView {
    title: String,
    /// What it will do, a sentence each.
    effects: Vec<String>,
    differences: Option<Differences>,
    /// Where the form goes: it has the target in it.
    action: String,
    back: String,
    fields: Vec<ActField>,
    wrong: Option<String>,
    by: String,
    reason: String,
}

/// What an act has to know beside who does it and why.
#[derive(Debug, Serialize)]
struct ActField {
    name: &'static str,
    label: &'static str,
    kind: &'static str,
    value: String,
    /// It is known already.
    fixed: bool,
}

pub(super) async fn ask(
    State(admin): State<Arc<Admin>>,
    Names(what): Names<String>,
    visitor: Visitor,
    query: PageQuery,
) -> PageResult {
    let act = PageAct::read(&what, &query)?;
    let view = admin.act_view(&act, &query, &Map::new()).await?;
    let frame = admin.frame(&*view.title, "", visitor);
    Ok(page(StatusCode::OK, "act.html", &frame, view))
}

pub(super) async fn perform(
    State(admin): State<Arc<Admin>>,
    Names(what): Names<String>,
    visitor: Visitor,
    query: PageQuery,
    extensions: Extensions,
    fields: Fields,
) -> PageResult {
    let Form(mut fields) = fields.map_err(not_a_form)?;
    if !visitor.sent(fields.remove("csrf").as_deref()) {
        return Err(foreign().into());
    }
    let act = PageAct::read(&what, &query)?;
    let mut said: Map<String, Value> = fields.into_iter().map(|(name, value)| (name, value.into())).collect();
    if let PageAct::Operator(act) = &act {
        // What is named in the address is not asked for again.
        for name in act.members() {
            if let Some(value) = query.get(name) {
                said.insert((*name).to_owned(), value.into());
            }
        }
    }
    match admin.perform_page_act(&act, &said, via_of(&extensions)).await {
        Ok(notes) => {
            let (title, back) = (act.title(), act.back());
            let frame = admin.frame(&*title, "", visitor);
            Ok(page(StatusCode::OK, "done.html", &frame, context! { title, back, notes }))
        }
        Err(error) => admin.act_refused(&act, &query, &said, error, visitor).await,
    }
}

// === impl PageAct ===

impl PageAct {
    fn read(what: &str, query: &PageQuery) -> Result<Self, PageError> {
        let named = |name: &str| {
            let missing = || AdminError::bad(format!("The address has no `{name}`."));
            query.get(name).map(str::to_owned).ok_or_else(missing)
        };
        let act = match what {
            "pause" => OperatorAct::Pause { api: named("api")? },
            "resume" => OperatorAct::Resume { api: named("api")? },
            "hold" => OperatorAct::Hold { api: named("api")?, version: named("version")? },
            "release" => OperatorAct::Release { api: named("api")?, version: named("version")? },
            "extend" => OperatorAct::Extend { api: named("api")?, version: named("version")? },
            "withdraw" => OperatorAct::Withdraw { api: named("api")?, version: named("version")? },
            "drain" => OperatorAct::Drain { upstream: named("upstream")? },
            "undrain" => OperatorAct::Undrain { upstream: named("upstream")? },
            "rollback" => {
                let to = named("to")?.parse().map_err(|_| AdminError::bad("`to` is not the number of a revision."))?;
                return Ok(Self::Rollback(to));
            }
            _ => return Err(unknown("act", what)),
        };
        Ok(Self::Operator(act))
    }

    fn title(&self) -> String {
        match self {
            Self::Operator(act) => effect::title(act),
            Self::Rollback(to) => format!("Roll back to revision {to}"),
        }
    }

    /// The page that it belongs to.
    fn back(&self) -> String {
        match self {
            Self::Operator(OperatorAct::Pause { .. } | OperatorAct::Resume { .. }) => "/".to_owned(),
            Self::Operator(
                OperatorAct::Hold { api, version }
                | OperatorAct::Release { api, version }
                | OperatorAct::Extend { api, version }
                | OperatorAct::Withdraw { api, version },
            ) => path(&["ui", "apis", api, "versions", version]),
            Self::Operator(OperatorAct::Drain { .. } | OperatorAct::Undrain { .. }) => "/ui/upstreams".to_owned(),
            Self::Rollback(_) => "/ui/config".to_owned(),
        }
    }

    fn fields(&self, query: &PageQuery, said: &Map<String, Value>) -> Vec<ActField> {
        let field = |name, label, kind| {
            let fixed = query.get(name);
            let value = fixed.or(said.get(name).and_then(Value::as_str)).unwrap_or_default().to_owned();
            ActField { name, label, kind, value, fixed: fixed.is_some() }
        };
        let label = |name: &str| match name {
            "consumer" => ("Consumer", "text"),
            "instance" => ("Instance", "text"),
            _ => ("Until", "date"),
        };
        match self {
            Self::Operator(act) => act.members().iter().map(|name| field(name, label(name).0, label(name).1)).collect(),
            Self::Rollback(_) => vec![field(FORCE, "Also if it drops versions that are in use", "checkbox")],
        }
    }
}

// === impl Admin ===

impl Admin {
    async fn act_view(
        &self,
        act: &PageAct,
        query: &PageQuery,
        said: &Map<String, Value>,
    ) -> Result<ActView, PageError> {
        let (effects, differences) = match act {
            PageAct::Operator(act) => (self.effects(act, query)?, None),
            PageAct::Rollback(to) => {
                let line = format!("The files of the config get the texts of revision {to}, which is then served.");
                (vec![line], Some(self.differences(*to).await?.1))
            }
        };
        let text = |name: &str| said.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
        Ok(ActView {
            title: act.title(),
            effects,
            differences,
            action: query.with(&[]),
            back: act.back(),
            fields: act.fields(query, said),
            wrong: None,
            by: text("by"),
            reason: text("reason"),
        })
    }

    /// Does it, and says what there is to know of it.
    async fn perform_page_act(
        &self,
        act: &PageAct,
        said: &Map<String, Value>,
        via: String,
    ) -> Result<Vec<String>, AdminError> {
        let mut said = said.clone();
        match act {
            PageAct::Operator(act) => {
                let body = Value::Object(said).to_string();
                let done = self.perform(act, ActRequest::read(None, &body, act.members(), via)?).await?;
                let nothing = (done["changed"] == false).then(|| "Nothing was changed: it was so before.".to_owned());
                Ok(nothing.into_iter().chain(done["note"].as_str().map(effect::sentence)).collect())
            }
            PageAct::Rollback(to) => {
                let force = said.remove(FORCE).is_some();
                said.insert(FORCE.to_owned(), force.into());
                let input = ActRequest::read(None, &Value::Object(said).to_string(), &[FORCE], via)?;
                let done = self.command(ReloadCommand::Rollback { to: Some(*to) }, input).await?;
                Ok(done.changes.into_iter().chain(done.files).collect())
            }
        }
    }

    /// The form again, with what was wrong.
    async fn act_refused(
        &self,
        act: &PageAct,
        query: &PageQuery,
        said: &Map<String, Value>,
        error: AdminError,
        visitor: Visitor,
    ) -> Result<Response, PageError> {
        let view = ActView { wrong: Some(error.detail().to_owned()), ..self.act_view(act, query, said).await? };
        let frame = self.frame(&*view.title, "", visitor);
        Ok(page(error.status(), "act.html", &frame, view))
    }
}
