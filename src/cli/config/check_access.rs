//! `config check-access`: what the access rules say of somebody, rule by rule.

use std::{fmt::Write as _, path::PathBuf};

use crate::{
    auth::{Decision, Identity, Method, Shown, Verdict, decide},
    cli::{Failure, Output},
    config::{self, Inputs, Purpose},
    near::near,
    surface::Surface,
    tools::Catalogue,
};

/// Explain what the access rules give to somebody, and whether tools are among it
///
/// Nothing is verified or sent: say what a token or certificate would show. Exits with 1 if it is not
/// let in, or a tool that is named is not there for it.
#[derive(clap::Args)]
#[command(after_help = "\
Examples:
  portkey-admin-mcp config check-access --config prod.toml --token ci list_configs
  portkey-admin-mcp config check-access --config prod.toml --role finops --organisation org_1
  portkey-admin-mcp config check-access --config prod.toml --subject user_1 --scope portkey:read delete_config")]
pub struct Args {
    /// Tools to ask about; none: how many there are
    tools: Vec<String>,
    /// Name of a bearer token
    #[arg(long, conflicts_with_all = ["subject", "organisation", "role", "permission", "scope"])]
    token: Option<String>,
    /// The user (`sub`)
    #[arg(long)]
    subject: Option<String>,
    /// The organisation's id
    #[arg(long)]
    organisation: Option<String>,
    /// The role in the organisation
    #[arg(long)]
    role: Option<String>,
    /// A permission in the organisation; may be given several times
    #[arg(long)]
    permission: Vec<String>,
    /// A scope of an OAuth access token, "" where it has none; may be given several times
    #[arg(long)]
    scope: Vec<String>,
    /// Subject of the client certificate
    #[arg(long)]
    certificate: Option<String>,
    /// Configuration file in TOML [env: MCP_CONFIG]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Args {
    /// Who it would be at the gate, where callers show this.
    fn identity(&self, shown: &Shown) -> Result<Identity, String> {
        for (flag, given, condition) in [
            ("--token", self.token.is_some(), "tokens"),
            ("--subject", self.subject.is_some(), "subjects"),
            ("--organisation", self.organisation.is_some(), "organisations"),
            ("--role", self.role.is_some(), "roles"),
            ("--permission", !self.permission.is_empty(), "permissions"),
            ("--scope", !self.scope.is_empty(), "scopes"),
            ("--certificate", self.certificate.is_some(), "certificates"),
        ] {
            if let Some(why) = shown.never_met(condition).filter(|_| given) {
                return Err(format!("{flag} is never shown: {why}"));
            }
        }
        let identity = match (shown.method, &self.token, &self.certificate) {
            (Method::Bearer, None, _) => return Err("say whose token it is with --token".into()),
            (Method::Bearer, token, _) => {
                Identity { subject: token.clone(), ..Identity::new(Method::Bearer) }
            }
            (Method::Certificate, _, None) => {
                return Err("say whose certificate it is with --certificate".into());
            }
            (Method::Certificate, _, Some(subject)) => Identity::of_certificate(subject, None),
            (method, ..) => Identity {
                subject: self.subject.clone(),
                organisation: self.organisation.clone(),
                role: self.role.clone(),
                permissions: self.permission.clone(),
                scopes: (!self.scope.is_empty()).then(|| self.scope.clone()),
                ..Identity::new(method)
            },
        };
        Ok(Identity { certificate: self.certificate.clone(), ..identity })
    }
}

pub fn run(args: &Args, output: &mut Output) -> Result<(), Failure> {
    let loaded = config::load(&Inputs {
        environment: config::environment(),
        file: args.config.clone(),
        purpose: Purpose::Explain,
        ..Inputs::default()
    });
    let config = loaded.config.map_err(|problems| Failure::Usage(problems.to_string()))?;
    let catalogue =
        Catalogue::new(&config.tool_domains).map_err(|error| Failure::Usage(error.to_string()))?;
    let identity = args.identity(&config.shown).map_err(Failure::Usage)?;
    if let Err(refused) = config.shown.constraints.check(&identity) {
        output.text(&format!("refused with 403: {refused}\n"));
        return Err(Failure::Failed("a constraint keeps it out".into()));
    }
    let mut told = String::new();
    // Writing to a string cannot fail.
    for (i, (rule, verdict)) in config.auth.access.explain(&identity).into_iter().enumerate() {
        let name = rule.name.as_ref().map(|name| format!(" ({name})")).unwrap_or_default();
        let _ = match verdict {
            Verdict::Decides => writeln!(told, "rules[{i}]{name}: decides"),
            Verdict::Unmet(condition, values) => {
                writeln!(
                    told,
                    "rules[{i}]{name}: not met: {condition} is none of {}",
                    values.join(", ")
                )
            }
        };
    }
    let principal = match config.auth.access.admit(identity) {
        Ok(principal) => principal,
        Err(refused) => {
            output.text(&format!("{told}refused with 403: {refused}\n"));
            return Err(Failure::Failed("no rule is for it".into()));
        }
    };
    if config.auth.access.is_uniform() {
        told.push_str("there are no rules: everybody who is let in may use everything\n");
    }
    let _ = writeln!(told, "credential: {}", principal.credential);
    if let Some(rate) = principal.grant.rate {
        let _ = writeln!(told, "rate: {rate} requests a minute");
    }
    let surface = Surface { read_only: config.mcp.read_only };
    let visible =
        |it: &&crate::tools::Entry| decide(&principal, &surface, it.tool) == Decision::Visible;
    if args.tools.is_empty() {
        let entries = catalogue.entries();
        let count = entries.iter().filter(visible).count();
        let _ = writeln!(told, "tools: {count} of {}", entries.len());
    }
    let mut hidden = 0;
    for name in &args.tools {
        let Some(entry) = catalogue.get(name) else {
            let known = catalogue.entries().iter().map(|it| it.tool.name);
            let hint = near(name, known).map(|it| format!("; did you mean `{it}`?"));
            return Err(Failure::Usage(format!(
                "there is no tool `{name}`{}",
                hint.unwrap_or_default()
            )));
        };
        let (word, why) = match decide(&principal, &surface, entry.tool) {
            Decision::Visible => ("visible", String::new()),
            Decision::Hidden if surface.read_only && principal.grant.holds(entry.tool.name) => {
                ("hidden", ": it writes, and MCP_READ_ONLY is true".to_owned())
            }
            Decision::Hidden => ("hidden", ": the rule does not allow it".to_owned()),
            Decision::NeedsScope(scope) => {
                ("refused with 403", format!(": the token needs {scope}"))
            }
        };
        hidden += u32::from(word != "visible");
        let _ = writeln!(told, "{}: {word}{why}", entry.tool.name);
    }
    output.text(&told);
    if hidden > 0 {
        return Err(Failure::Failed(format!(
            "{hidden} of {} are not there for it",
            args.tools.len()
        )));
    }
    Ok(())
}
