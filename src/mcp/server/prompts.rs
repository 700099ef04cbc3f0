//! `prompts/list` and `prompts/get`: the runbooks whose first tool the caller may use.

use rmcp::{
    ErrorData, RoleServer,
    model::{
        GetPromptRequestParams, GetPromptResult, ListPromptsResult, Prompt, PromptArgument,
        PromptMessage, Role,
    },
    service::RequestContext,
};

use super::{Caller, Server, not_found};
use crate::runbooks::{RUNBOOKS, Runbook};

impl Server {
    /// The runbooks that are there for a caller.
    fn runbooks(&self, caller: &Caller) -> impl Iterator<Item = &'static Runbook> {
        RUNBOOKS.iter().filter(|book| self.visible(book.needs, caller).is_some())
    }

    /// The runbook of this name, if the caller may use it.
    pub(super) fn runbook(
        &self,
        name: &str,
        caller: &Caller,
    ) -> Result<&'static Runbook, ErrorData> {
        if let Some(book) = self.runbooks(caller).find(|book| book.name == name) {
            return Ok(book);
        }
        let known = self.runbooks(caller).map(|book| book.name);
        Err(not_found("prompt", name, known, "prompts/list"))
    }

    pub(super) fn prompts(&self, caller: &Caller, modern: bool) -> ListPromptsResult {
        let (ttl_ms, cache_scope) = self.scope_and_ttl(modern);
        let prompts = self.runbooks(caller).map(published).collect();
        ListPromptsResult { ttl_ms, cache_scope, ..ListPromptsResult::with_all_items(prompts) }
    }

    pub(super) fn prompt(
        &self,
        request: GetPromptRequestParams,
        context: &RequestContext<RoleServer>,
    ) -> Result<GetPromptResult, ErrorData> {
        let caller = self.caller(context)?;
        let book = self.runbook(&request.name, &caller)?;
        let sees = |name: &str| self.visible(name, &caller).is_some();
        let message = book
            .message(&request.arguments.unwrap_or_default(), sees)
            .map_err(|why| ErrorData::invalid_params(why, None))?;
        let message = PromptMessage::new_text(Role::User, message);
        Ok(GetPromptResult::new(vec![message]).with_description(book.about))
    }
}

fn published(book: &Runbook) -> Prompt {
    let arguments = book.arguments.iter().map(|argument| {
        PromptArgument::new(argument.name)
            .with_description(argument.about)
            .with_required(argument.required)
    });
    let arguments = arguments.collect();
    Prompt::new(book.name, Some(book.about), Some(arguments)).with_title(book.title)
}
