//! The door to Python: programs come in as plain dictionaries, batches go out as Arrow, hits are
//! counted. It converts; parsing and counting are in crates of their own.

mod agents;
mod arrivals;
mod batch;
mod columns;
mod counter;
mod dimension;
mod framing;
mod hit_batch;
mod kinds;
mod labels;
mod program;
mod rollup;
mod rows;
mod series;
mod table;

use pyo3::prelude::*;

/// The compiled half of `hitwatch.hits`.
#[pymodule]
pub fn _kernel(module: &Bound<'_, PyModule>) -> PyResult<()> {
    framing::register(module)?;
    module.add_class::<program::PyProgram>()?;
    module.add_class::<batch::Batch>()?;
    module.add_class::<hit_batch::HitBatch>()?;
    module.add_class::<hit_batch::Clock>()?;
    module.add_function(wrap_pyfunction!(arrivals::arrivals, module)?)?;
    module.add_class::<counter::Counter>()?;
    module.add_function(wrap_pyfunction!(counter::count, module)?)?;
    module.add_class::<rollup::PyBudget>()?;
    module.add_class::<agents::Finder>()?;
    module.add_class::<series::PySeries>()?;
    module.add_class::<agents::Agents>()?;
    module.add_class::<labels::Label>()?;
    module.add_class::<kinds::AgentKinds>()?;
    module.add_class::<rollup::PyRollup>()?;
    module.add_class::<table::Table>()
}
