"""Programs whose gradients are tested: name -> (text, inputs to differentiate by).  Sizes are small and distinct."""

PROGRAMS: dict[str, tuple[str, str]] = {
    # quadratic and bilinear forms, traces
    "quadratic form": ("L = x[i] A[i,j] x[j]", "x,A"),
    "bilinear": ("L = x[i] A[i,j] y[j]", "x,A,y"),
    "trace of a product": ("L = A[i,j] B[j,i]", "A,B"),
    "trace of a cube": ("L = A[i,j] A[j,k] A[k,i]", "A"),
    "diagonal": ("L = sum[i](A[i,i] x[i]**2 w[i] (A[i,j] x[j]))", "A,x,w"),
    "frobenius": ("L = sum[i,j]((A[i,j] - B[i,j])**2)", "A,B"),
    "least squares": ("r[n] = X[n,i] w[i] - y[n]\nL = 0.5 r[n] r[n]", "w,X,y"),
    "ridge": ("L = sum[n]((X[n,i] w[i] - y[n])**2) + lam w[i] w[i]", "w,lam"),
    "log likelihood": ("L = sum[n](log(1 + exp(-y[n] (X[n,i] w[i]))))", "w,X,y"),
    "norm": ("L = norm[i](A[i,j] x[j])", "x,A"),
    "variance": ("L = var[i](x[i])", "x"),
    "mean": ("m[j] = mean[i](A[i,j]**2)", "A"),
    "product": ("L = prod[i](x[i])", "x"),
    "cosine": ("L = (x[i] y[i]) / (sqrt(x[j] x[j]) sqrt(y[k] y[k]))", "x,y"),
    "rank one update": ("B[i,j] = A[i,j] + u[i] v[j]", "A,u,v"),
    "chain of matrices": ("y[i] = A[i,j] B[j,k] C[k,l] x[l]", "A,B,C,x"),
    "hadamard": ("C[i,j] = A[i,j] B[i,j] x[j]", "A,B,x"),
    "hyperedge": ("L = sum[i](a[i] b[i] c[i] d[i])", "a,b,c,d"),
    "cp": ("T[i,j,k] = sum[r](A[i,r] B[j,r] C[k,r])", "A,B,C"),
    "tucker": ("T[i,j,k] = G[p,q,r] A[i,p] B[j,q] C[k,r]", "G,A,B,C"),
    "broadcast bias": ("y[b,i] = W[i,j] x[b,j] + c[i]", "W,x,c"),
    "clashing names": ("y[i] = A[i,j] x[j]\nz[j] = y[j] B[i,j] y[i]", "A,x,B"),
    # elementwise
    "exp": ("y[i] = exp(x[i])", "x"),
    "log": ("y[i] = log(x[i]**2 + 1)", "x"),
    "tan": ("y[i] = tan(0.3 x[i])", "x"),
    "sin cos": ("y[i] = sin(x[i]) cos(2 x[i])", "x"),
    "sinh cosh": ("y[i] = sinh(x[i]) + cosh(x[i])**2", "x"),
    "tanh": ("y[i] = tanh(W[i,j] x[j])", "W,x"),
    "sigmoid": ("y[i] = sigmoid(x[i]) x[i]", "x"),
    "silu": ("y[i] = silu(x[i]) v[i]", "x,v"),
    "gelu": ("y[i] = gelu(x[i])", "x"),
    "softplus": ("y[i] = softplus(x[i]) - erf(x[i])", "x"),
    "relu": ("y[i] = relu(W[i,j] x[j])", "W,x"),
    "abs sign": ("y[i] = abs(x[i]) + sign(x[i]) x[i]**3", "x"),
    "max of two": ("y[i] = max(a[i], b[i]) min(a[i], 2 b[i])", "a,b"),
    "power": ("y[i] = (x[i]**2 + 1)**1.5 / x[i]", "x"),
    "variable power": ("y[i] = exp(x[i])**p[i]", "x,p"),
    "user function": ("function swish(x) = x / (1 + exp(-x))\ny[i] = swish(swish(x[i]) + 1)", "x"),
    "where": ("y[i] = where(x[i] > 0 and i < 2, x[i]**2, sin(x[i]))", "x"),
    "where or not": ("y[i] = where(x[i] > 0.5 or not (i < 2), x[i] a[i], a[i]**2)", "x,a"),
    "index values": ("y[i] = i x[i] + (i - 1)**2 x[i]**2", "x"),
    # what folding must not take for a defined value
    "divided by where it holds": (
        "index i, j : n\ntensor x[i,j], w[i,j]\nd[i,j] = x[i,j] (j <= i)\n"
        "L = sum[i,j](log(x[i,j]) (j <= i)) + sum[i,j](d[i,j]**2 w[i,j])",
        "x",
    ),
    "condition on values": (
        "index i, j : n\nindex k : m\ntensor x[i], u[i], y[k], w[j]\nT[i,j] = x[i] (j <= i)\n"
        "L = sum[i,j](T[i,j]**2 w[j]) + sum[i,k](u[i] x[i] (y[k] <= i))",
        "u,x",
    ),
    "condition on a sum of indices": (
        "index i, j, p, q : n\ntensor x[i], u[i], w[j]\nT[i,j] = x[i] (j <= i)\n"
        "L = sum[i,j](T[i,j]**2 w[j]) + sum[i,p,q](u[i] x[i] (p + q <= i))",
        "u,x",
    ),
    "condition to the power zero": ("index i, j : n\nL = sum[i,j](x[i]**2 (i < j)**0)", "x"),
    "one value, two readers": ("y[i] = exp(x[i])\nz[i] = exp(x[i]) sin(x[i])\nL = sum[i](y[i] z[i] w[i])", "x,w"),
    # reductions
    "max": ("m[i] = max[j](A[i,j] x[j])", "A,x"),
    "min": ("m[i] = min[j](A[i,j])", "A"),
    "logsumexp": ("L = logsumexp[j](z[j])", "z"),
    "logsumexp rows": ("l[i] = logsumexp[j](A[i,j] x[j])", "A,x"),
    "softmax": ("p[i] = softmax[i](z[i])", "z"),
    "softmax two": ("p[i,j] = softmax[i,j](z[i,j])", "z"),
    "log softmax": ("p[b,i] = log(softmax[i](z[b,i]))", "z"),
    "entropy": ("p[i] = softmax[i](z[i])\nL = -p[i] log(p[i])", "z"),
    "cumsum": ("y[i] = cumsum[i](x[i]**2)", "x"),
    "selective scan": (
        "index t, s : time\nindex n : state\ne[t] = softplus(d[t])\nl[t] = cumsum[t](e[t])\n"
        "D[t,s,n] = where(s <= t, exp(-exp(A[n]) (l[t] - l[s])), 0)\nu[s,n] = e[s] B[s,n]\n"
        "h[t,n] = sum[s](D[t,s,n] u[s,n])\ny[t] = h[t,n] R[t,n]",
        "d,A,B,R",
    ),
    "max shifted softmax": (
        "index j : keys\nM = max[j](z[j])\nE[j] = exp(z[j] - M)\nZ = sum[j](E[j])\np[j] = E[j] / Z\noutput p",
        "z",
    ),
    # gathers and affine slots
    "gather": ("integer t[b] : v\nindex w : v\ny[b,d] = E[t[b],d]\ntensor E[w,d]", "E"),
    "gather twice": ("integer t[b] : v\nindex v1, v2 : v\ntensor A[v1,v2]\nL = sum[b](A[t[b],t[b]]**2)", "A"),
    "cross entropy gather": (
        "index b : batch\nindex c : class\ninteger t[b] : class\nz[b,c] = x[b,i] W[i,c]\n"
        "L = mean[b](logsumexp[c](z[b,c]) - z[b,t[b]])",
        "x,W",
    ),
    "cross entropy log": (
        "index b : batch\nindex c : class\ninteger t[b] : class\nz[b,c] = x[b,i] W[i,c]\n"
        "P[b,c] = softmax[c](z[b,c])\nL = -mean[b](log(P[b,t[b]]))",
        "x,W",
    ),
    "cross entropy dense": ("p[b,c] = softmax[c](z[b,c])\nL = -mean[b](sum[c](Y[b,c] log(p[b,c])))", "z"),
    "convolution": ("index p : out(5)\nindex k : kernel(3)\ny[b,o,p] = w[o,c,k] x[b,c,p + k]", "w,x"),
    "strided": ("index p : out(3)\nindex k : kernel(2)\ny[p] = w[k] x[2*p + k]", "w,x"),
    "fixed slots": ("L = x[0] x[1]**2 + A[0,j] x[j]", "x,A"),
    # matrix functions
    "logdet": ("L = logdet(A)", "A"),
    "det": ("L = det(A)", "A"),
    "inverse": ("y[i] = inv(A)[i,j] x[j]", "A,x"),
    "trace inverse": ("L = inv(A)[i,j] B[j,i]", "A,B"),
    "gaussian": ("L = 0.5 logdet(S) + 0.5 (x[i] - m[i]) inv(S)[i,j] (x[j] - m[j])", "S,x,m"),
    "transpose": ("B[i,j] = A'[i,j] A[j,i] + A[i,k] A'[k,j]", "A"),
    # symbols
    "delta": ("L = delta[i,j] A[i,j] + sum[i,j](delta[i,j] x[i] y[j])", "A,x,y"),
    "cross product": ("index i, j, k : space(3)\nc[i] = eps[i,j,k] a[j] b[k]", "a,b"),
    # layers
    "attention": (
        "index i, j : seq(L)\nindex d : head(D)\nindex a : val\nS[i,j] = Q[i,d] K[j,d] / sqrt(D)\n"
        "P[i,j] = softmax[j](where(j <= i, S[i,j], -inf))\nO[i,a] = P[i,j] V[j,a]",
        "Q,K,V",
    ),
    "grouped query attention": (
        "index i, j : seq\nindex d, a : head(D)\nS[b,h,r,i,j] = Q[b,h,r,i,d] K[b,h,j,d] / sqrt(D)\n"
        "P[b,h,r,i,j] = softmax[j](where(j <= i, S[b,h,r,i,j], -inf))\nO[b,h,r,i,a] = P[b,h,r,i,j] V[b,h,j,a]",
        "Q,K,V",
    ),
    "linear attention": (
        "index i, j : seq\nN[i,a] = exp(Q[i,d]) exp(K[j,d]) V[j,a]\nZ[i] = exp(Q[i,d]) sum[j](exp(K[j,d]))\n"
        "O[i,a] = N[i,a] / Z[i]",
        "Q,K,V",
    ),
    "layer norm": (
        "m[b] = mean[i](x[b,i])\nc[b,i] = x[b,i] - m[b]\nv[b] = mean[i](c[b,i]**2)\nr[b] = (v[b] + 1e-5)**-0.5\n"
        "n[b,i] = c[b,i] r[b]\ny[b,i] = g[i] n[b,i] + h[i]\noutput y",
        "x,g,h",
    ),
    "layer norm short": ("y[b,i] = g[i] (x[b,i] - mean[i](x[b,i])) / sqrt(var[i](x[b,i]) + 1e-5) + h[i]", "x,g,h"),
    "rms norm": ("y[b,i] = g[i] x[b,i] / sqrt(mean[i](x[b,i]**2) + 1e-5)", "x,g"),
    "swiglu": (
        "u[b,f] = x[b,i] U[i,f]\nv[b,f] = x[b,i] V[i,f]\nh[b,f] = silu(u[b,f]) v[b,f]\ny[b,o] = h[b,f] W[f,o]",
        "x,U,V,W",
    ),
    "lora": ("y[b,o] = x[b,i] W[i,o] + alpha x[b,i] A[i,r] B[r,o]", "W,A,B,x,alpha"),
    "mlp": ("h[b,f] = tanh(W[f,i] x[b,i] + c[f])\nL = mean[b]((v[f] h[b,f] - y[b])**2)", "W,c,v"),
    "info nce": ("index i, j : n\nS[i,j] = X[i,d] Y[j,d] / tau\nL = mean[i](logsumexp[j](S[i,j]) - S[i,i])", "X,Y,tau"),
    "gaussian kernel": (
        "index m, n : pts\nK[m,n] = exp(-sum[d]((x[m,d] - y[n,d])**2) / 2)\nu[m] = K[m,n] b[n]",
        "x,y,b",
    ),
    "tied": ("L = sum[i](tanh(A[i,j] A[j,k] x[k]))", "A,x"),
    "softmax moe": ("G[n,e] = softmax[e](x[n,i] R[i,e])\ny[n,o] = G[n,e] x[n,i] W[e,i,o]", "x,R,W"),
}

# Differentiated by tensors that are declared to be more than arrays of their shape.
STRUCTURED: dict[str, tuple[str, str]] = {
    "symmetric bilinear": ("tensor S[i,j] symmetric\nL = x[i] S[i,j] y[j]", "S,x,y"),
    "symmetric quadratic": ("tensor S[i,j] symmetric\nL = x[i] S[i,j] x[j]", "S,x"),
    "trace": ("tensor S[i,j] symmetric\nL = A[i,j] S[j,i] + tr(S)", "S,A"),
    "symmetric quartic": ("tensor S[i,j] symmetric\nL = S[i,j] B[j,k] S[k,l] S[l,i]", "S,B"),
    "logdet and inverse": (
        "tensor S[i,j] symmetric\nL = logdet(S) + x[i] inv(S)[i,j] x[j] + a[i] inv(S)[i,j] b[j]",
        "S,x",
    ),
    "gaussian by its covariance": (
        "tensor S[i,j] symmetric\nr[n,i] = X[n,i] - m[i]\nL = 0.5 mean[n](r[n,i] inv(S)[i,j] r[n,j]) + 0.5 logdet(S)",
        "S,m",
    ),
    "gaussian by its precision": (
        "tensor P[i,j] symmetric\nr[n,i] = X[n,i] - m[i]\nL = 0.5 mean[n](r[n,i] P[i,j] r[n,j]) - 0.5 logdet(P)",
        "P,m",
    ),
    "elementwise of symmetric": (
        "tensor S[i,j] symmetric positive\nY[i,j] = w[i] log(S[i,j]) + softmax[j](S[i,j])",
        "S",
    ),
    "masked symmetric": ("tensor S[i,j] symmetric\nL = sum[i,j](where(i < j, S[i,j]**2 w[i], 0))", "S,w"),
    "antisymmetric": ("tensor A[i,j] antisymmetric\nL = x[i] A[i,j] y[j] + B[i,j] A[j,k] A[k,i]", "A,x"),
    "antisymmetric in three": ("tensor E[i,j,k] antisymmetric\ny[i] = E[i,j,k] a[j] b[k]", "E,a,b"),
    "symmetric in three": ("tensor T[i,j,k] symmetric\nL = T[i,j,k] x[i] x[j] y[k] + T[i,i,k] z[k]", "T,x"),
    "two groups": ("tensor C[i,j,k,l] symmetric(1,2) antisymmetric(3,4)\nL = C[i,j,k,l] a[i] b[j] c[k] e[l]", "C,a"),
    "elasticity": (
        "tensor C[i,j,k,l] symmetric(1,2) symmetric(3,4), e[i,j] symmetric\nL = 0.5 e[i,j] C[i,j,k,l] e[k,l]",
        "C,e",
    ),
    "riemann": ("index i,j,k,l : n(4)\ntensor R[i,j,k,l] riemann\nL = R[i,j,k,l] a[i,k] b[j,l] + R[i,j,i,j]", "R,a"),
    "diagonal form": (
        "tensor D[i,j] diagonal\nL = x[i] D[i,j] A[j,k] D[k,l] x[l] + logdet(D) + b[i] inv(D)[i,j] b[j]",
        "D,x",
    ),
    "diagonal rows": ("tensor D[i,j] diagonal\nY[n,i] = tanh(D[i,j] X[n,j])", "D,X"),
    "brockett": ("index i,j,k : n(4)\ntensor Q[i,j] orthogonal\nL = sum[i,j,k](Q[i,k] A[i,j] Q[j,k] w[k])", "Q,A"),
    "procrustes": ("index i,j : n(3)\ntensor Q[i,j] orthogonal\nL = sum[b,i]((X[b,j] Q[j,i] - Y[b,i])**2)", "Q,X"),
    "stiefel": (
        "index i : n(5)\nindex k : p(3)\ntensor Q[i,k] orthogonal\nL = sum[i,b]((X[i,b] - Q[i,k] Q[j,k] X[j,b])**2)",
        "Q,X",
    ),
    "rotated gaussian": (
        "index i,j,k : n(3)\ntensor Q[i,j] orthogonal, D[i,j] diagonal positive\nS[i,j] = Q[i,k] D[k,l] Q[j,l]\n"
        "L = logdet(S) + x[i] inv(S)[i,j] x[j]",
        "Q,D,x",
    ),
    "tied weights": (
        "index t : seq(3)\nindex v,w : vocab(4)\ninteger tok[t] : vocab\nh[t,d] = tanh(E[tok[t],d])\n"
        "p[t,v] = softmax[v](h[t,d] E[v,d])\nL = mean[t](-log(p[t,tok[t]]))",
        "E",
    ),
}
