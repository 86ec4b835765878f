//! The door to labels: what values are shown under, given by the kernel or by Python.

use crate::agents::Agents;
use crate::rollup::PyRollup;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::Arc;
use tally::agents::Agent;
use tally::labels::{Part, answered, family, is_file, network, site};

/// A label that is given without Python.
#[pyclass(frozen, module = "hitwatch._kernel")]
pub struct Label {
    what: What,
}

enum What {
    /// Paths of files with one of some extensions, as they are; or all others.
    Files(HashSet<String>, bool),
    /// The host of an address.
    Site,
    /// The path of what was answered with some statuses, which stand before it.
    Answered(u16, u16),
    /// The network of a client.
    Network,
    /// Whether a client is of IPv4 or IPv6.
    Family,
    /// A part of what an agent is; what it is where nobody knows.
    Agent(Py<Agents>, Part, String),
}

#[pymethods]
impl Label {
    /// The paths of files, or all others. Arguments: the extensions, in lower case; whether it is
    /// files.
    #[staticmethod]
    fn files(extensions: HashSet<String>, are: bool) -> Self {
        let what = What::Files(extensions, are);
        Self { what }
    }

    /// The sites of addresses: hosts in lower case, without user, port, `www.` and a final point.
    #[staticmethod]
    fn site() -> Self {
        Self { what: What::Site }
    }

    /// Paths that were answered with a status from one up to and with another, which stands before
    /// them.
    #[staticmethod]
    fn answered(first: u16, last: u16) -> Self {
        let what = What::Answered(first, last);
        Self { what }
    }

    /// The networks of clients: /24 of IPv4, /48 of IPv6.
    #[staticmethod]
    fn network() -> Self {
        let what = What::Network;
        Self { what }
    }

    /// Whether clients are of IPv4 or IPv6.
    #[staticmethod]
    fn family() -> Self {
        Self { what: What::Family }
    }

    /// A part of agents. Arguments: what recognizes them; `browser`, `system`, `kind` or `bot`; what
    /// stands for one that is unknown.
    #[staticmethod]
    fn agent(agents: Py<Agents>, part: &str, unknown: String) -> PyResult<Self> {
        let Some(part) = Part::by_name(part) else {
            let why = format!("unknown part of an agent: {part}");
            return Err(PyValueError::new_err(why));
        };
        let what = What::Agent(agents, part, unknown);
        Ok(Self { what })
    }

    fn __call__(&self, py: Python<'_>, value: &str) -> PyResult<Option<String>> {
        let mut before = None;
        let agents = self.agents_of(py, &[value], &mut before)?;
        let name = self.name(value, agents.and_then(<[_]>::first));
        Ok(name.map(Cow::into_owned))
    }
}

type Found = Vec<Arc<Agent>>;

impl Label {
    /// Whether a value has a name, where that takes no Python.
    pub fn has(&self, value: &str) -> bool {
        self.name(value, None).is_some()
    }

    /// What values are as agents, where that is asked for. Argument: what was found before, for
    /// another label of the same values.
    fn agents_of<'a>(
        &self,
        py: Python<'_>,
        values: &[&str],
        before: &'a mut Option<(usize, Found)>,
    ) -> PyResult<Option<&'a [Arc<Agent>]>> {
        let What::Agent(agents, ..) = &self.what else {
            return Ok(None);
        };
        let whose = agents.as_ptr() as usize;
        if before.as_ref().is_none_or(|(known, _)| *known != whose) {
            *before = Some((whose, agents.get().of(py, values)?));
        }
        Ok(before.as_ref().map(|(_, found)| found.as_slice()))
    }

    fn name<'v>(&'v self, value: &'v str, agent: Option<&'v Arc<Agent>>) -> Option<Cow<'v, str>> {
        match &self.what {
            What::Files(extensions, are) => {
                (is_file(value, extensions) == *are).then_some(value.into())
            }
            What::Site => site(value).map(Cow::Owned),
            What::Answered(first, last) => answered(value, *first, *last).map(Cow::Borrowed),
            What::Network => network(value).map(Cow::Owned),
            What::Family => family(value).map(Cow::Borrowed),
            What::Agent(_, part, unknown) => part.of(agent?, unknown),
        }
    }
}

/// A label, a kernel's or any function of Python's, and where hits go that have one.
pub type Labelled<'py> = (Bound<'py, PyAny>, Bound<'py, PyRollup>);

/// The name of each of some values; `None` where it has none.
pub type Names<'n, 'v> = &'n mut dyn Iterator<Item = Option<Cow<'v, str>>>;

/// Have the names of values counted under each of some labels, without Python where they need
/// none. What labels have in common is found once.
///
/// Arguments: the values; the labels; counts under the names of all values, in their order.
pub fn count_under(
    py: Python<'_>,
    values: &[&str],
    labelled: &[Labelled<'_>],
    count: impl Fn(&PyRollup, Names<'_, '_>) + Sync,
) -> PyResult<()> {
    let mut before = None;
    for (label, rollup) in labelled {
        let rollup = rollup.get();
        let Ok(label) = label.cast::<Label>() else {
            let names = values.iter().map(|value| label.call1((value,))?.extract());
            let names: Vec<Option<String>> = names.collect::<PyResult<_>>()?;
            py.detach(|| count(rollup, &mut names.into_iter().map(|n| n.map(Cow::Owned))));
            continue;
        };
        let label = label.get();
        let agents = label.agents_of(py, values, &mut before)?;
        py.detach(|| {
            let values = values.iter().enumerate();
            let agent = |at: usize| agents.and_then(|agents| agents.get(at));
            count(
                rollup,
                &mut values.map(|(at, value)| label.name(value, agent(at))),
            );
        });
    }
    // Thousands of agents are given back, which takes a while.
    py.detach(|| drop(before));
    Ok(())
}
