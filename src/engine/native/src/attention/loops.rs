//! Attention and the statistics of its similarities, with their gradients, in float64 loops over all pairs of query and key.

use super::cases::Case;
use crate::testing::{TestHeap, noise};

/// A case's tensors.
pub struct Tensors {
    pub case: Case,
    pub qkv: Vec<f32>,
    pub tables: [Vec<f32>; 3],
    pub scales: Vec<f32>,
    /// dContent and dPosition.
    pub gradients: [Vec<f32>; 2],
}

pub fn tensors(case: Case) -> Tensors {
    let places = case.tasks() * case.positions();
    let scaled = |seed, count, scale: f32| noise(seed, count).iter().map(|x| x * scale).collect::<Vec<_>>();
    let rows = case.table_rows();
    Tensors {
        case,
        qkv: scaled(1, places * case.channels(), 2.0),
        tables: [
            scaled(2, rows * case.key_depth, 1.5),
            scaled(3, rows * case.key_depth, 1.5),
            scaled(4, rows * case.value_depth, 1.5),
        ],
        scales: scaled(5, 3 * case.heads, 1.0),
        gradients: [noise(6, places * case.value_depth), noise(7, places * case.value_depth)],
    }
}

impl Tensors {
    /// Arguments that all kernels of attention begin with.
    pub fn arguments(&self, heap: &mut TestHeap) -> Vec<f64> {
        let case = &self.case;
        let qkv = heap.put(&self.qkv);
        let tables = [0, 1, 2].map(|term| {
            if case.tables[term] {
                heap.put(&self.tables[term])
            } else {
                0
            }
        });
        let scales = heap.put(&self.scales);
        let sizes = if case.image {
            [case.outer, case.height, case.length]
        } else {
            [case.outer, case.length, case.inner]
        };
        let window = if case.image {
            [case.before, case.after]
        } else {
            [case.before, case.after].map(|reach| reach.min(case.length - 1))
        };
        [
            &[qkv, tables[0], tables[1], tables[2], scales, 0, 0][..],
            &sizes,
            &[case.heads, case.key_depth, case.value_depth],
            &window,
        ]
        .concat()
        .iter()
        .map(|&x| x as f64)
        .collect()
    }

    fn vector(&self, task: usize, position: usize, first: usize, depth: usize) -> Vec<f64> {
        let start = self.case.place(task, position) * self.case.channels() + first;
        self.qkv[start..start + depth].iter().map(|&x| f64::from(x)).collect()
    }
    pub fn query(&self, task: usize, position: usize) -> Vec<f64> {
        self.vector(task, position, 0, self.case.key_depth)
    }
    pub fn key(&self, task: usize, position: usize) -> Vec<f64> {
        self.vector(task, position, self.case.key_depth, self.case.key_depth)
    }
    fn value(&self, task: usize, position: usize) -> Vec<f64> {
        self.vector(task, position, 2 * self.case.key_depth, self.case.value_depth)
    }

    /// A row of a table; zeros where it is left out.
    pub fn encoding(&self, term: usize, row: usize) -> Vec<f64> {
        let depth = if term == 2 {
            self.case.value_depth
        } else {
            self.case.key_depth
        };
        let present = f64::from(u8::from(self.case.tables[term]));
        self.tables[term][row * depth..(row + 1) * depth]
            .iter()
            .map(|&x| present * f64::from(x))
            .collect()
    }

    /// Each key's three terms of the logit, before their factors.
    pub fn terms(&self, task: usize, query: usize) -> Vec<[f64; 3]> {
        let q = self.query(task, query);
        let term = |&(position, row): &(usize, usize)| {
            let k = self.key(task, position);
            [
                dot(&q, &k),
                dot(&q, &self.encoding(0, row)),
                dot(&k, &self.encoding(1, row)),
            ]
        };
        self.case.keys(query).iter().map(term).collect()
    }

    pub fn scale(&self, term: usize, task: usize) -> f64 {
        if self.case.cross {
            return 1.0;
        }
        f64::from(self.scales[term * self.case.heads + task % self.case.heads])
    }

    pub fn weights(&self, task: usize, query: usize) -> Vec<f64> {
        let logits: Vec<f64> = self
            .terms(task, query)
            .iter()
            .map(|terms| (0..3).map(|term| self.scale(term, task) * terms[term]).sum())
            .collect();
        let most = logits.iter().fold(f64::NEG_INFINITY, |most, &x| most.max(x));
        let weights: Vec<f64> = logits.iter().map(|x| (x - most).exp()).collect();
        let sum: f64 = weights.iter().sum();
        weights.iter().map(|w| w / sum).collect()
    }

    /// Mean and variance of each term, [3, N].
    pub fn statistics(&self) -> [Vec<f32>; 2] {
        let case = &self.case;
        let mut products = vec![Vec::new(); 3 * case.heads];
        for task in 0..case.tasks() {
            for query in 0..case.positions() {
                for terms in self.terms(task, query) {
                    (0..3).for_each(|term| products[term * case.heads + task % case.heads].push(terms[term]));
                }
            }
        }
        let mean = |x: &[f64]| x.iter().sum::<f64>() / x.len() as f64;
        let variance = |x: &[f64]| mean(&x.iter().map(|x| x * x).collect::<Vec<_>>()) - mean(x).powi(2);
        [
            products.iter().map(|x| mean(x) as f32).collect(),
            products.iter().map(|x| variance(x) as f32).collect(),
        ]
    }

    /// Gradients with respect to qkv and the tables of query and key of sum (dmean mean + dvariance variance).
    pub fn statistics_gradients(&self, by_mean: &[f32], by_variance: &[f32]) -> [Vec<f32>; 3] {
        let case = &self.case;
        let dq = case.key_depth;
        let [means, _] = self.statistics();
        let keys: usize = (0..case.positions()).map(|query| case.keys(query).len()).sum();
        let pairs = (case.outer * case.inner * keys) as f64;
        let mut qkv = vec![0.0; self.qkv.len()];
        let mut tables = [0, 1].map(|term| vec![0.0; self.tables[term].len()]);
        for task in 0..case.tasks() {
            for query in 0..case.positions() {
                let q = self.query(task, query);
                for (&(key, row), terms) in case.keys(query).iter().zip(self.terms(task, query)) {
                    let k = self.key(task, key);
                    let g = [0, 1, 2].map(|term| {
                        let index = term * case.heads + task % case.heads;
                        let from_mean = terms[term] - f64::from(means[index]);
                        (f64::from(by_mean[index]) + 2.0 * f64::from(by_variance[index]) * from_mean) / pairs
                    });
                    let (rq, rk) = (self.encoding(0, row), self.encoding(1, row));
                    let to_query = case.place(task, query) * case.channels();
                    let to_key = case.place(task, key) * case.channels() + dq;
                    for d in 0..dq {
                        qkv[to_query + d] += g[0] * k[d] + g[1] * rq[d];
                        qkv[to_key + d] += g[0] * q[d] + g[2] * rk[d];
                        tables[0][row * dq + d] += g[1] * q[d];
                        tables[1][row * dq + d] += g[2] * k[d];
                    }
                }
            }
        }
        let [query, key] = tables;
        [qkv, query, key].map(|gradient| gradient.iter().map(|&x| x as f32).collect())
    }

    /// Content and position, or their sum and nothing.
    pub fn outputs(&self) -> [Vec<f32>; 2] {
        let case = &self.case;
        let depth = case.value_depth;
        let mut outputs = [0, 1].map(|_| vec![0.0; case.tasks() * case.positions() * depth]);
        for task in 0..case.tasks() {
            for query in 0..case.positions() {
                let weights = self.weights(task, query);
                let at = case.place(task, query) * depth;
                for (&(position, row), &weight) in case.keys(query).iter().zip(&weights) {
                    let (v, r) = (self.value(task, position), self.encoding(2, row));
                    for d in 0..depth {
                        outputs[0][at + d] += weight * v[d];
                        outputs[usize::from(!case.sum)][at + d] += weight * r[d];
                    }
                }
            }
        }
        outputs.map(|output| output.iter().map(|&x| x as f32).collect())
    }

    /// Gradients with respect to qkv, the three tables and the scales, given those with respect to the outputs.
    pub fn gradients(&self) -> [Vec<f32>; 5] {
        let case = &self.case;
        let (dq, dv) = (case.key_depth, case.value_depth);
        let mut qkv = vec![0.0; self.qkv.len()];
        let mut tables = [0, 1, 2].map(|term| vec![0.0; self.tables[term].len()]);
        let mut scales = vec![0.0; self.scales.len()];
        for task in 0..case.tasks() {
            for query in 0..case.positions() {
                let at = case.place(task, query);
                let gradient = |which: usize| -> Vec<f64> {
                    self.gradients[which][at * dv..(at + 1) * dv]
                        .iter()
                        .map(|&x| f64::from(x))
                        .collect()
                };
                let (content, position) = (gradient(0), gradient(usize::from(!case.sum)));
                let keys = case.keys(query);
                let weights = self.weights(task, query);
                let terms = self.terms(task, query);
                let by_weight: Vec<f64> = keys
                    .iter()
                    .map(|&(key, row)| dot(&content, &self.value(task, key)) + dot(&position, &self.encoding(2, row)))
                    .collect();
                let mean = dot(&weights, &by_weight);
                let q = self.query(task, query);
                let s = [0, 1, 2].map(|term| self.scale(term, task));
                for (index, &(key, row)) in keys.iter().enumerate() {
                    let weight = weights[index];
                    let g = weight * (by_weight[index] - mean);
                    let (k, rq, rk) = (self.key(task, key), self.encoding(0, row), self.encoding(1, row));
                    let (to_query, to_key) = (at * case.channels(), case.place(task, key) * case.channels());
                    for d in 0..dq {
                        qkv[to_query + d] += g * (s[0] * k[d] + s[1] * rq[d]);
                        qkv[to_key + dq + d] += g * (s[0] * q[d] + s[2] * rk[d]);
                        tables[0][row * dq + d] += g * s[1] * q[d];
                        tables[1][row * dq + d] += g * s[2] * k[d];
                    }
                    for d in 0..dv {
                        qkv[to_key + 2 * dq + d] += weight * content[d];
                        tables[2][row * dv + d] += weight * position[d];
                    }
                    for term in 0..3 {
                        scales[term * case.heads + task % case.heads] += g * terms[index][term];
                    }
                }
            }
        }
        let [query, key, value] = tables;
        [qkv, query, key, value, scales].map(|gradient| gradient.iter().map(|&x| x as f32).collect())
    }
}

pub fn dot(x: &[f64], y: &[f64]) -> f64 {
    x.iter().zip(y).map(|(a, b)| a * b).sum()
}
