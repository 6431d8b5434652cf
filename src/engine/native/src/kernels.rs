//! Every kernel of this library by its name, which is that of the WebAssembly kernel that it stands in for.

use crate::entry::kernels;
use crate::matrix;

kernels! {
    matrixProduct => matrix::product::matrix_product,
}
