"""Sentences that several tables and views share."""

from __future__ import annotations

# The sentence of a table or view itself stands under the empty name.
Sentences = dict[str, str]

RESULT: Sentences = {
    "status": "How it ended: done, collapsed (a layer has lost all its weights), diverged or failed.",
    "reason": "Why it collapsed, diverged or failed; NULL when it is done.",
    "sparsity": "Zeros among the prunable weights, counted after the fact. [share]",
    "effective_sparsity": "The same when weights on no path from input to output count as gone too. [share]",
    "weights": "Prunable weights of the network; biases and batch-norm are not among them. [count]",
    "weights_kept": "Prunable weights that are not zero at the end. [count]",
    "parameters": "All parameters of the network, with biases and batch-norm. [count]",
    "parameters_kept": "Parameters that are left at the end. [count]",
    "parameters_effective": "Those of them without the weights on no path from input to output. [count]",
    "macs": "Multiply-accumulate operations for one sample in the dense network. [count]",
    "macs_kept": "Those of them whose weight is not zero. [count]",
    "macs_effective": "Those of them whose weight lies on a path from input to output too. [count]",
    "bytes_dense": "All parameters as 32-bit numbers, zeros written out. [bytes]",
    "bytes_bitmask": "The same with a bit a prunable weight and only those values that are not zero. [bytes]",
    "bytes_csr": "The same with each prunable layer as a sparse matrix, its indices 32 bits wide. [bytes]",
    "bytes_gzip": "The dense form compressed by gzip at level 6; NULL above 20 million parameters. [bytes]",
    "train_loss": "Loss on the training data at the end. [nats]",
    "validation_loss": "Loss on the validation data at the end. [nats]",
    "validation_accuracy": "Correct answers on the validation data at the end. [share]",
    "test_loss": "Loss on the test data at the end. [nats]",
    "test_accuracy": "Correct answers on the test data at the end. [share]",
    "test_count": "Samples in the test data. [count]",
    "pruned_validation_loss": "Validation loss right after the last pruning, before more training. [nats]",
    "pruned_validation_accuracy": "Validation accuracy right after the last pruning. [share]",
    "pruned_test_loss": "Test loss right after the last pruning, before more training. [nats]",
    "pruned_test_accuracy": "Test accuracy right after the last pruning. [share]",
    "recalibrated_validation_loss": "Validation loss at the end, statistics of batch norm taken anew. [nats]",
    "recalibrated_validation_accuracy": "Validation accuracy at the end, taken anew likewise. [share]",
    "recalibrated_test_loss": "Test loss at the end, statistics of batch norm taken anew on training data. [nats]",
    "recalibrated_test_accuracy": "Test accuracy at the end, taken anew likewise; NULL without batch norm. [share]",
    "recalibrated_pruned_validation_accuracy": "Validation accuracy right after the last pruning, likewise. [share]",
    "recalibrated_pruned_test_accuracy": "Test accuracy right after the last pruning, likewise. [share]",
    "steps_alone": "Training steps that this run takes on its own, those of its teacher included. [steps]",
    "steps_shared": "Its part of the training steps made: shared ones are divided by the runs that share them. [steps]",
    "flops_alone": "Operations for the training of this run on its own, its teacher's included. [FLOP]",
    "seconds": "Wall time that fell to this run, its share of the pack's. [s]",
    "finished_at": "When its result was written, UTC. [ISO 8601]",
}
COUNTS: Sentences = {
    "validation_count": "Samples in the validation data. [count]",
    "test_correct": "Test samples that were answered correctly. [count]",
}
SUITE: Sentences = {
    "suite": "Name of the suite.",
    "profile": "Profile of the suite: full, quick, ...",
    "data": "Data set; a stand-in has a name of its own.",
    "model": "Network.",
    "method": "The method's label, unique in its suite.",
    "level": "Point of the sparsity ladder: the index by which results pair; 0 is dense. [index]",
    "target_sparsity": "Sparsity that was asked for. [share]",
}
PROTOCOL = "published, honest or as-run: what an experiment that repeats a published one keeps to; NULL elsewhere."
ENVIRONMENT = "Label of the environment; runs of different environments are never averaged."
THEORY = "Operations of the dense network over those that are left: what no hardware has to reach. [ratio]"
SPLIT_HASH = "Hash of the split into training, validation and test data."
RUN_KEY = "Hash of all that decides the result but the environment; its first 8 digits name the run."

ARTIFACT: Sentences = {
    "kind": "mask: 1 where a weight is not pruned; histogram: of kept weights; confusion: of answers on the test data.",
    "name": "Name of the layer; empty for what belongs to the whole network.",
    "position": "Place of the layer in the network, from 0; 0 too where there is no layer. [index]",
    "dtype": "What the array holds: bool or int64.",
    "shape": "Its lengths; of a confusion matrix the true classes come first, then the answers. [JSON array]",
    "scale": "Of a histogram: its bins divide the range from -scale to scale evenly; else NULL.",
    "codec": "bits+zlib: 8 values a byte, the first in the highest bit, then zlib; zlib: the numbers, then zlib.",
}

FORM = "dense; masked: zeros are computed with; shrunk: what is gone is cut out; 2:4: kernels for that pattern."
THREADS = "Threads that computed on the CPU; 0 on any other device. [count]"
BATCH = "Samples answered at once. [count]"
SPEED: Sentences = {
    "seconds": "Median time of one call with the whole batch. [s]",
    "seconds_low": "First quartile of its times. [s]",
    "seconds_high": "Third quartile of its times. [s]",
    "speedup": "Median, over pairs measured side by side, of the dense network's time over this one's. [ratio]",
    "repetitions": "Rounds in which it was measured in turn with the dense network. [count]",
    "macs": "Multiply-accumulate operations for one sample that this form computes in fact. [count]",
    "measured_at": "When, UTC. [ISO 8601]",
}
