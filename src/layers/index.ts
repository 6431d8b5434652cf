/** Layers, each under the name of its equation in functions. Re-exports only. */
export { isAttentionLayer, type AttentionLayer, type AttentionStep } from "./attention-layer.js";
export { AxialAttention, type AxialAttentionArgs } from "./axial-attention.js";
export { AxialImageTransformer, type AxialImageTransformerArgs } from "./axial-image-transformer.js";
export { AxialPositionEmbedding, type AxialPositionEmbeddingArgs } from "./axial-position-embedding.js";
export { BatchNorm, type BatchNormArgs } from "./batch-norm.js";
export { ChannelDropout, type ChannelDropoutArgs } from "./dropout.js";
export { Convolution, type ConvolutionArgs } from "./convolution.js";
export { CrissCrossAttention, type CrissCrossAttentionArgs } from "./criss-cross-attention.js";
export { GlobalAttention, type GlobalAttentionArgs } from "./global-attention.js";
export { LayerNorm, type LayerNormArgs } from "./layer-norm.js";
export { LocalAttention, type LocalAttentionArgs } from "./local-attention.js";
export { AveragePool, MaxPool, type AveragePoolArgs, type MaxPoolArgs } from "./pooling.js";
export { NdAxialAttention, type NdAxialAttentionArgs } from "./nd-axial-attention.js";
export { ResizeLike, Subsample, type SubsampleArgs } from "./resize.js";
export { SelfAttention, type PositionTerms, type SelfAttentionArgs } from "./self-attention.js";
export { StandAloneAttention, type StandAloneAttentionArgs } from "./stand-alone-attention.js";
export { ValueMixtureAttention, type ValueMixtureAttentionArgs } from "./value-mixture-attention.js";
