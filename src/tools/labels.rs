//! Labels: names such as `production` that a version of a prompt can carry and requests can ask for.
//!
//! API: <https://portkey.ai/docs/api-reference/admin-api/control-plane/labels>. `PUT` changes only
//! what it is given (its fields are all optional there).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::shared::Paging;
use crate::tool::{PAGES, Tool, delete, get, post, put};

pub const TOOLS: &[Tool] = &[
    post::<CreateLabel>(
        "create_prompt_label",
        "/labels",
        "Create a label for prompt versions. update_prompt_version puts it on one; requests may then
         name id@label. Without workspace_id it serves the whole organisation.",
    )
    .read_back("list_prompt_labels")
    .scopes(&["prompts.create"])
    .intents(&[
        "make a new prompt label",
        "add a production label",
        "create a tag for prompt versions",
    ]),
    get::<ListLabels>(
        "list_prompt_labels",
        "/labels",
        "List the labels that prompt versions can carry: id, name, colour, workspace. Which version
         has one: list_prompt_versions.",
    )
    .lists(PAGES)
    .scopes(&["prompts.list"])
    .intents(&[
        "show all prompt labels",
        "find the id of a label",
        "which labels can a prompt version have",
    ]),
    get::<GetLabel>(
        "get_prompt_label",
        "/labels/{label_id}",
        "Get one label: name, description, colour, workspace, whether it is of the whole
         organisation.",
    )
    .scopes(&["prompts.read"])
    .intents(&["show a label", "what is this label for", "colour of a label"]),
    put::<UpdateLabel>(
        "update_prompt_label",
        "/labels/{label_id}",
        "Change a label; what is not given stays. A new name takes effect at once: requests that
         name a prompt by the old one fail.",
    )
    .replayable()
    .read_back("get_prompt_label")
    .scopes(&["prompts.update"])
    .intents(&["rename a label", "change the colour of a label", "describe a label"]),
    delete::<LabelId>(
        "delete_prompt_label",
        "/labels/{label_id}",
        "Delete a label for good and take it off every version that has it. Requests that name a
         prompt by it fail.",
    )
    .read_back("list_prompt_labels")
    .scopes(&["prompts.delete"])
    .intents(&["remove a label", "delete a prompt label", "clean up unused labels"]),
];

/// The only form that clients of this API are known to send.
const COLOUR: &str = "^#[0-9A-Fa-f]{6}$";

/// A name as the API takes it: its pattern looks ahead, which not every client's schemas can.
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "String")]
struct Name(String);

impl TryFrom<String> for Name {
    type Error = String;

    fn try_from(name: String) -> Result<Self, String> {
        let odd = |letter: &char| !letter.is_ascii_alphanumeric() && !"_-".contains(*letter);
        let odd: Vec<char> = name.chars().filter(odd).collect();
        let plain = match odd.as_slice() {
            [] => true,
            [only] => *only != '@' && !only.is_whitespace(),
            _ => false,
        };
        let number = name.bytes().all(|byte| byte.is_ascii_digit());
        if !plain || number || matches!(&*name, "latest" | "default") {
            return Err("`name` takes letters, digits, _ and -, and is not latest, default or a \
                        number: these name versions"
                .into());
        }
        Ok(Self(name))
    }
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct CreateLabel {
    /// Letters, digits, _ and -; not latest, default or a number.
    #[schemars(length(min = 1))]
    name: Name,
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
    /// Only for this one; from list_workspaces.
    workspace_id: Option<String>,
    description: Option<String>,
    /// Such as #2f9e44.
    #[schemars(extend("pattern" = COLOUR))]
    color_code: Option<String>,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct ListLabels {
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
    /// From list_workspaces.
    workspace_id: Option<String>,
    search: Option<String>,
    #[serde(flatten)]
    paging: Paging,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct LabelId {
    /// From list_prompt_labels.
    #[schemars(extend("format" = "uuid"))]
    label_id: String,
}

#[derive(Debug, Deserialize, Serialize, JsonSchema)]
pub struct GetLabel {
    #[serde(flatten)]
    label: LabelId,
    #[schemars(extend("format" = "uuid"))]
    organisation_id: Option<String>,
    /// Of the label.
    workspace_id: Option<String>,
}

/// As the API takes it; the model's form is [`UpdateLabelArgs`].
#[derive(Debug, Deserialize, Serialize, JsonSchema)]
#[serde(try_from = "UpdateLabelArgs")]
pub struct UpdateLabel {
    #[serde(flatten)]
    label: LabelId,
    name: Option<Name>,
    description: Option<String>,
    color_code: Option<String>,
}

#[derive(Debug, Deserialize, JsonSchema)]
pub struct UpdateLabelArgs {
    #[serde(flatten)]
    label: LabelId,
    /// New name, by the rule of create_prompt_label.
    #[schemars(length(min = 1))]
    name: Option<Name>,
    description: Option<String>,
    /// Such as #2f9e44.
    #[schemars(extend("pattern" = COLOUR))]
    color_code: Option<String>,
}

impl TryFrom<UpdateLabelArgs> for UpdateLabel {
    type Error = String;

    fn try_from(args: UpdateLabelArgs) -> Result<Self, String> {
        let UpdateLabelArgs { label, name, description, color_code } = args;
        if name.is_none() && description.is_none() && color_code.is_none() {
            return Err("nothing to change: give `name`, `description` or `color_code`".into());
        }
        Ok(Self { label, name, description, color_code })
    }
}
