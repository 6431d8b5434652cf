/**
 * The graph that nobody sees: results that wait until somebody reads them, so that what follows a product in evaluation mode
 * (a bias, a batch norm, a residual, a ReLU) is computed with it, in one pass over memory. TensorFlow.js has no graph to
 * rewrite: it runs one kernel after another. So the kernels themselves answer with data that has no memory yet.
 *
 * How a convolution, a norm and a ReLU of tf.layers become one kernel:
 *
 *     Conv2D          deferrals.ts asks whether to wait, and deferred-product.ts answers with an empty tensor that remembers
 *                     the call: kernel FoldedConv2D, its inputs (kept alive by clones), its attributes.
 *     FusedBatchNorm  finds that its x waits, and waits too: the same call with gamma, beta, mean and variance.
 *     Relu            ends it: the call runs, with all that was remembered. The convolution's and the norm's own results
 *                     were never computed.
 *
 * If something else reads one of the results, it is computed at that moment, and whatever waited behind it goes on from there.
 * That cannot be forgotten anywhere, since a kernel learns of a tensor's values by its address alone:
 *
 *     lazy-data.ts         gives an entry of the backend's table an address that is computed when it is read
 *     data-release.ts      tells when a tensor's memory is freed or written to in place
 *     deferred-product.ts  what a product waits with, and what can still be added
 *     deferred-convolution.ts, deferrals.ts    which kernels wait, ours and TensorFlow.js's
 *     folded-norm.ts       a norm with given statistics as a part of the weights, kept until one of them changes
 *
 * Nothing waits while gradients are recorded, for they need the values; nothing small waits, for it costs more than it saves.
 * Results are right whoever reads what when; only what is read twice, itself and as a part of something later, is computed
 * twice.
 */
export { deferredConvolutionKernels } from "./deferred-convolution.js";
export { withDeferrals } from "./deferrals.js";
