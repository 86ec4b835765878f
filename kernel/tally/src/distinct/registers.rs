//! HyperLogLog: the registers, how they fold, and the estimate that they give.

/// Which register a hash is counted in.
#[inline]
pub const fn place(precision: u8, hash: u64) -> usize {
    (hash >> (64 - precision)) as usize
}

#[inline]
pub fn register(registers: &mut [u8], precision: u8, hash: u64) {
    let rank = ((hash << precision) | (1 << (precision - 1))).leading_zeros() as u8 + 1;
    // Most hashes change nothing, and what is not written need not go back to memory.
    if let Some(known) = registers.get_mut(place(precision, hash))
        && *known < rank
    {
        *known = rank;
    }
}

pub fn raise(own: &mut [u8], theirs: &[u8]) {
    for (one, two) in own.iter_mut().zip(theirs) {
        *one = (*one).max(*two);
    }
}

/// Half as many registers: the last bit of a place becomes the first of what ranks count.
pub fn folded(registers: &[u8]) -> Box<[u8]> {
    let pairs = registers.chunks_exact(2);
    pairs
        .map(|pair| {
            let even = if pair[0] > 0 { pair[0] + 1 } else { 0 };
            let odd = u8::from(pair[1] > 0);
            even.max(odd)
        })
        .collect()
}

/// Ertl's improved estimate, algorithm 6.
pub fn estimate(registers: &[u8], precision: u8) -> f64 {
    let last = usize::from(64 - precision);
    let mut counts = vec![0u32; last + 2];
    for &rank in registers {
        counts[usize::from(rank).min(last + 1)] += 1;
    }
    let m = registers.len() as f64;
    let mut z = m * tau(1.0 - f64::from(counts[last + 1]) / m);
    for count in counts[1..=last].iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += m * sigma(f64::from(counts[0]) / m);
    m * m / (2.0 * std::f64::consts::LN_2 * z)
}

fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x).powi(2) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
