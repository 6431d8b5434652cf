//! Axial, local and criss-cross attention with gradients, and the similarity statistics of their norms.
