/** Whether TensorFlow.js notes operations for gradients at this moment. */
import * as tf from "@tensorflow/tfjs";

/** True within the function whose gradient is asked for: its intermediate values will be needed. */
export const isRecording = (): boolean => tf.engine().state.gradientDepth > 0;
