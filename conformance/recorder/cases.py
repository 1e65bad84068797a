"""The model cases: which spec runs over which stream."""

from __future__ import annotations

from typing import Any, NamedTuple


class Case(NamedTuple):
    name: str
    stream: str
    kind: str
    spec: Any
    # The first n events only, where River is slow; None is the whole stream.
    limit: int | None = None
    # Every prediction, not a sample: the cases that a document quotes.
    full: bool = False


FULL = {
    "phishing-lr",
    "phishing-lr-sgd",
    "phishing-lr-adagrad",
    "phishing-lr-adam",
    "phishing-lr-ftrl",
    "phishing-pa",
    "phishing-alma",
    "phishing-gaussian-nb",
    "trump-approval-linreg",
    "trump-approval-bayesian",
}
LIMITS = {"tweets-complement-nb": 1_000, "tweets-bernoulli-nb": 1_000}


SCALER = "StandardScaler"
BOW = {"BagOfWords": {"on": "text"}}
PHISHING_NAMES = (
    "empty_server_form_handler",
    "popup_window",
    "https",
    "request_from_other_domain",
    "anchor_from_other_domain",
    "is_popular",
    "long_url",
    "age_of_domain",
    "ip_in_url",
)


def lr(optimizer: Any = None, **parameters: Any) -> dict[str, Any]:
    given = {} if optimizer is None else {"optimizer": optimizer}
    return {"LogisticRegression": {**given, **parameters}}


def linreg(optimizer: Any = None, **parameters: Any) -> dict[str, Any]:
    given = {} if optimizer is None else {"optimizer": optimizer}
    return {"LinearRegression": {**given, **parameters}}


def sgd(lr: Any) -> dict[str, Any]:
    return {"SGD": {"lr": lr}}


OPTIMIZERS: dict[str, Any] = {
    "sgd": sgd(0.1),
    "momentum": {"Momentum": {"lr": 0.1}},
    "momentum-0.01": {"Momentum": {"lr": 0.01, "rho": 0.5}},
    "adagrad": {"AdaGrad": {"lr": 0.1}},
    "adadelta": "AdaDelta",
    "rmsprop": {"RMSProp": {"lr": 0.1}},
    "adam": {"Adam": {"lr": 0.1}},
    "ftrl": "FTRLProximal",
    "ftrl-l1": {"FTRLProximal": {"alpha": 0.1, "beta": 0.5, "l1": 0.2, "l2": 0.3}},
    "sgd-constant": sgd({"Constant": {"learning_rate": 0.05}}),
    "sgd-inverse-scaling": sgd({"InverseScaling": {"learning_rate": 0.5}}),
    "sgd-inverse-scaling-0.25": sgd({"InverseScaling": {"learning_rate": 0.5, "power": 0.25}}),
    "sgd-optimal": sgd({"Optimal": {"loss": "Log"}}),
    "sgd-optimal-hinge": sgd({"Optimal": {"loss": "Hinge", "alpha": 0.001}}),
    "adam-inverse-scaling": {"Adam": {"lr": {"InverseScaling": {"learning_rate": 0.5}}}},
}
LR_OPTIONS: dict[str, dict[str, Any]] = {
    "l2": {"l2": 0.01},
    "l1": {"l1": 0.001},
    "intercept-init": {"intercept_init": 0.5, "intercept_lr": 0.1},
    "intercept-lr-zero": {"intercept_lr": 0.0},
    "intercept-scheduler": {"intercept_lr": {"InverseScaling": {"learning_rate": 0.2}}},
    "clip": {"clip_gradient": 0.2},
    "zeros": {"initializer": "Zeros"},
    "initializer-constant": {"initializer": {"Constant": {"value": 0.1}}},
    "log-weighted": {"loss": {"Log": {"weight_pos": 2.0, "weight_neg": 0.5}}},
    "hinge": {"loss": "Hinge"},
    "hinge-threshold": {"loss": {"Hinge": {"threshold": 0.5}}},
    "focal": {"loss": "BinaryFocalLoss"},
}
BINARY_LINEAR: dict[str, Any] = {
    "perceptron": "Perceptron",
    "perceptron-l2": {"Perceptron": {"l2": 0.01}},
    "perceptron-clip": {"Perceptron": {"clip_gradient": 0.5}},
    "pa": "PAClassifier",
    "pa-mode-1": {"PAClassifier": {"C": 0.01, "mode": 1}},
    "pa-mode-2": {"PAClassifier": {"C": 0.01, "mode": 2}},
    "pa-no-intercept": {"PAClassifier": {"C": 0.1, "learn_intercept": False}},
    "alma": "ALMAClassifier",
    "alma-p3": {"ALMAClassifier": {"p": 3, "alpha": 0.8, "B": 1.25, "C": 1.0}},
}
LOSSES: dict[str, Any] = {
    "squared": "Squared",
    "absolute": "Absolute",
    "huber": {"Huber": {"epsilon": 1.0}},
    "epsilon-insensitive": {"EpsilonInsensitiveHinge": {"eps": 0.1}},
    "quantile": {"Quantile": {"alpha": 0.9}},
    "cauchy": "Cauchy",
}


def case(stream: str, short: str, kind: str, spec: Any) -> Case:
    name = f"{stream.replace('_', '-')}-{short}".replace(".", "_")
    return Case(name, stream, kind, spec, LIMITS.get(name), name in FULL)


def phishing_linear() -> list[Case]:
    def on(short: str, spec: Any) -> Case:
        return case("phishing", short, "binary", spec)

    return [
        on("lr", [SCALER, lr()]),
        on("lr-unscaled", lr()),
        *(on(f"lr-{name}", [SCALER, lr(optimizer)]) for name, optimizer in OPTIMIZERS.items()),
        *(on(f"lr-{name}", [SCALER, lr(sgd(0.1), **given)]) for name, given in LR_OPTIONS.items()),
        on("lr-adam-l2", [SCALER, lr({"Adam": {"lr": 0.01}}, l2=0.1)]),
        *(on(name, [SCALER, spec]) for name, spec in BINARY_LINEAR.items()),
    ]


def phishing_preprocessing() -> list[Case]:
    scalers: dict[str, Any] = {
        "scaler-no-std": {SCALER: {"with_std": False}},
        "scaler-window": {SCALER: {"window_size": 50}},
        "min-max": "MinMaxScaler",
        "min-max-window": {"MinMaxScaler": {"window_size": 50}},
        "max-abs": "MaxAbsScaler",
        "max-abs-window": {"MaxAbsScaler": {"window_size": 50}},
        "robust": "RobustScaler",
        "robust-no-centering": {"RobustScaler": {"with_centering": False, "q_inf": 0.1}},
        "normalizer": "Normalizer",
        "normalizer-1": {"Normalizer": {"order": 1}},
        "binarizer": {"Binarizer": {"threshold": 0.4}},
    }
    return [
        case("phishing", f"{name}-lr", "binary", [scaler, lr(sgd(0.1))])
        for name, scaler in scalers.items()
    ] + [
        case("phishing-missing", "stat-mean", "binary", [impute("Mean"), SCALER, lr(sgd(0.1))]),
        case("phishing-missing", "stat-max", "binary", [impute("Max"), SCALER, lr(sgd(0.1))]),
        case("phishing-missing", "stat-value", "binary", [constant(-1), SCALER, lr(sgd(0.1))]),
        case("phishing-missing", "previous", "binary", ["PreviousImputer", SCALER, lr(sgd(0.1))]),
    ]


def impute(stat: str) -> dict[str, Any]:
    return {"StatImputer": {"imputers": [[name, {stat: {}}] for name in PHISHING_NAMES]}}


def constant(value: float) -> dict[str, Any]:
    return {"StatImputer": {"imputers": [[name, value] for name in PHISHING_NAMES]}}


def phishing_compose() -> list[Case]:
    select = {"Select": {"keys": ["https", "long_url", "is_popular", "age_of_domain"]}}
    discard = {"Discard": {"keys": ["https", "ip_in_url"]}}
    union = {"TransformerUnion": {"transformers": [
        [select, SCALER, {"Prefixer": {"prefix": "scaled_"}}],
        [discard, "MinMaxScaler", {"Suffixer": {"suffix": "_unit"}}],
    ]}}
    rename = {"Renamer": {"mapping": {"https": "secure", "absent": "nothing"}}}
    by_type = {"TransformerUnion": {"transformers": [
        [{"SelectType": {"types": ["float"]}}, SCALER],
        [{"SelectType": {"types": ["int"]}}, "OneHotEncoder"],
    ]}}
    model = lr(sgd(0.1))
    specs: dict[str, Any] = {
        "select": [select, SCALER, model],
        "discard": [discard, SCALER, model],
        "select-type": [{"SelectType": {"types": ["number"]}}, SCALER, model],
        "union-by-type": [by_type, model],
        "prefixer": [{"Prefixer": {"prefix": "p_"}}, SCALER, model],
        "suffixer": [{"Suffixer": {"suffix": "_s"}}, SCALER, model],
        "renamer": [rename, SCALER, model],
        "union": [union, model],
        "pipeline-named": {"Pipeline": {"steps": [SCALER, model]}},
        "polynomial": ["PolynomialExtender", SCALER, lr(sgd(0.01))],
        "polynomial-interactions": [
            SCALER,
            {"PolynomialExtender": {"degree": 3, "interaction_only": True, "include_bias": True}},
            lr(sgd(0.01)),
        ],
        "one-hot": ["OneHotEncoder", model],
        "ordinal": ["OrdinalEncoder", SCALER, model],
        "hasher": [SCALER, {"FeatureHasher": {"n_features": 8, "seed": 42}}, model],
        "gaussian-nb": "GaussianNB",
        "bernoulli-nb": {"BernoulliNB": {"true_threshold": 0.4}},
        "prior": "PriorClassifier",
        "no-change": "NoChangeClassifier",
    }
    return [case("phishing", name, "binary", spec) for name, spec in specs.items()]


def bananas() -> list[Case]:
    specs: dict[str, Any] = {
        "lr": [SCALER, lr()],
        "lr-adagrad": [SCALER, lr({"AdaGrad": {"lr": 0.1}})],
        "lr-adam": [SCALER, lr("Adam")],
        "polynomial-lr": [{"PolynomialExtender": {"degree": 3}}, SCALER, lr(sgd(0.05))],
        "perceptron": [SCALER, "Perceptron"],
        "pa": [SCALER, {"PAClassifier": {"C": 0.01, "mode": 1}}],
        "alma": [SCALER, "ALMAClassifier"],
        "gaussian-nb": "GaussianNB",
        "no-change": "NoChangeClassifier",
    }
    return [case("bananas", name, "binary", spec) for name, spec in specs.items()]


def image_segments() -> list[Case]:
    proba: dict[str, Any] = {
        "softmax": [SCALER, {"SoftmaxRegression": {"optimizer": sgd(0.1)}}],
        "softmax-default": [SCALER, "SoftmaxRegression"],
        "softmax-adam-l2": [SCALER, {"SoftmaxRegression": {"optimizer": "Adam", "l2": 0.01}}],
        "ovr-lr": [SCALER, {"OneVsRestClassifier": {"classifier": lr(sgd(0.1))}}],
        "ovr-pa": [SCALER, {"OneVsRestClassifier": {"classifier": "PAClassifier"}}],
        "min-max-ovr-adagrad": [
            "MinMaxScaler",
            {"OneVsRestClassifier": {"classifier": lr({"AdaGrad": {"lr": 0.5}})}},
        ],
        "gaussian-nb": "GaussianNB",
        "prior": "PriorClassifier",
        "no-change": "NoChangeClassifier",
    }
    label: dict[str, Any] = {
        "ovo-lr": [SCALER, {"OneVsOneClassifier": {"classifier": lr(sgd(0.1))}}],
        "ovo-perceptron": [SCALER, {"OneVsOneClassifier": {"classifier": "Perceptron"}}],
    }
    return [case("image_segments", k, "proba", spec) for k, spec in proba.items()] + [
        case("image_segments", k, "label", spec) for k, spec in label.items()
    ]


def trump_approval() -> list[Case]:
    specs: dict[str, Any] = {
        "linreg": [SCALER, linreg(sgd(0.01), intercept_lr=0.1)],
        "linreg-default": [SCALER, linreg()],
        "linreg-adagrad": [SCALER, linreg({"AdaGrad": {"lr": 1.0}})],
        "linreg-adam": [SCALER, linreg("Adam", intercept_lr=0.1)],
        "linreg-rmsprop": [SCALER, linreg("RMSProp", intercept_lr=0.1)],
        "linreg-adadelta": [SCALER, linreg("AdaDelta", intercept_lr=0.1)],
        "linreg-momentum": [SCALER, linreg({"Momentum": {"lr": 0.001}}, intercept_lr=0.1)],
        "linreg-ftrl": [SCALER, linreg("FTRLProximal", intercept_lr=0.1)],
        "linreg-l2": [SCALER, linreg(sgd(0.01), intercept_lr=0.1, l2=0.1)],
        "linreg-l1": [SCALER, linreg(sgd(0.01), intercept_lr=0.1, l1=0.01)],
        "linreg-clip": [SCALER, linreg(sgd(0.01), intercept_lr=0.1, clip_gradient=1.0)],
        "linreg-intercept-init": [SCALER, linreg(sgd(0.01), intercept_init=40.0)],
        "pa": [SCALER, "PARegressor"],
        "pa-mode-1": [SCALER, {"PARegressor": {"C": 0.01, "mode": 1, "eps": 0.01}}],
        "pa-mode-2": [SCALER, {"PARegressor": {"C": 0.01, "mode": 2, "eps": 0.1}}],
        "pa-no-intercept": [SCALER, {"PARegressor": {"learn_intercept": False}}],
        "bayesian": "BayesianLinearRegression",
        "bayesian-smoothing": {"BayesianLinearRegression": {"smoothing": 0.8}},
        "bayesian-scaled": [SCALER, {"BayesianLinearRegression": {"alpha": 0.5, "beta": 2.0}}],
        "target-scaler": [SCALER, {"TargetStandardScaler": {"regressor": linreg(sgd(0.1))}}],
        "target-scaler-intercept": [
            SCALER,
            {"TargetStandardScaler": {"regressor": linreg(intercept_lr=0.15)}},
        ],
        "robust-linreg": ["RobustScaler", linreg(sgd(0.01), intercept_lr=0.1)],
        "max-abs-linreg": ["MaxAbsScaler", linreg(sgd(0.1), intercept_lr=0.1)],
        "mean": {"StatisticRegressor": {"statistic": "Mean"}},
        "median": {"StatisticRegressor": {"statistic": {"Quantile": {"q": 0.5}}}},
        "ew-mean": {"StatisticRegressor": {"statistic": {"EWMean": {"fading_factor": 0.3}}}},
    }
    for name, loss in LOSSES.items():
        specs[f"loss-{name}"] = [SCALER, linreg(sgd(0.05), intercept_lr=0.5, loss=loss)]
    return [case("trump_approval", k, "regression", spec) for k, spec in specs.items()]


def forests() -> list[Case]:
    few = {"n_estimators": 3, "step": 0.5, "seed": 7}
    binary: dict[str, Any] = {
        "amf": {"AMFClassifier": {"seed": 42}},
        "amf-split-pure": {
            "AMFClassifier": {**few, "dirichlet": 0.1, "split_pure": True, "max_nodes": 101}
        },
        "amf-no-aggregation": {"AMFClassifier": {**few, "use_aggregation": False}},
    }
    regression: dict[str, Any] = {
        "amf": {"AMFRegressor": {"seed": 42}},
        "amf-max-nodes": {"AMFRegressor": {**few, "max_nodes": 101}},
        "amf-no-aggregation": {"AMFRegressor": {**few, "use_aggregation": False}},
    }
    segments = ["MinMaxScaler", {"AMFClassifier": {"dirichlet": 0.15, "seed": 1}}]
    return [
        *(case("phishing", name, "binary", spec) for name, spec in binary.items()),
        case("image_segments", "amf", "proba", segments),
        *(
            case("trump_approval", name, "regression", ["MinMaxScaler", spec])
            for name, spec in regression.items()
        ),
    ]


def tweets() -> list[Case]:
    bigrams = {"BagOfWords": {"on": "text", "ngram_range": [1, 2]}}
    keep_case = {"BagOfWords": {"on": "text", "lowercase": False, "strip_accents": False,
                                "stop_words": ["the", "and", "to"]}}
    specs: dict[str, Any] = {
        "lr": [BOW, lr(sgd(0.1))],
        "lr-adagrad": [BOW, lr({"AdaGrad": {"lr": 0.1}})],
        "lr-ftrl": [BOW, lr("FTRLProximal")],
        "lr-adam-l2": [BOW, lr({"Adam": {"lr": 0.01}}, l2=0.001)],
        "hasher-lr": [BOW, {"FeatureHasher": {"n_features": 4096, "seed": 42}}, lr(sgd(0.1))],
        "bigrams-lr": [bigrams, lr(sgd(0.1))],
        "keep-case-lr": [keep_case, lr(sgd(0.1))],
        "tfidf-lr": [{"TFIDF": {"on": "text"}}, lr(sgd(0.1))],
        "tfidf-raw-lr": [{"TFIDF": {"on": "text", "normalize": False}}, lr(sgd(0.1))],
        "pa": [BOW, {"PAClassifier": {"C": 0.1}}],
        "perceptron": [BOW, "Perceptron"],
        "alma": [BOW, "ALMAClassifier"],
        "multinomial-nb": [BOW, "MultinomialNB"],
        "multinomial-nb-alpha": [BOW, {"MultinomialNB": {"alpha": 0.5}}],
        "complement-nb": [BOW, "ComplementNB"],
        "bernoulli-nb": [BOW, "BernoulliNB"],
    }
    return [case("tweets", name, "binary", spec) for name, spec in specs.items()]


def htc(**parameters: Any) -> dict[str, Any]:
    return {"HoeffdingTreeClassifier": parameters}


def htr(**parameters: Any) -> dict[str, Any]:
    return {"HoeffdingTreeRegressor": parameters}


def hatc(**parameters: Any) -> dict[str, Any]:
    return {"HoeffdingAdaptiveTreeClassifier": {"seed": 42, **parameters}}


def hatr(**parameters: Any) -> dict[str, Any]:
    return {"HoeffdingAdaptiveTreeRegressor": {"seed": 42, **parameters}}


def arfc(**parameters: Any) -> dict[str, Any]:
    return {"ARFClassifier": {"seed": 42, **parameters}}


def arfr(**parameters: Any) -> list[Any]:
    return ["StandardScaler", {"ARFRegressor": {"seed": 42, **parameters}}]


def adaptive_forests() -> list[Case]:
    few = {"n_models": 3, "leaf_prediction": "mc", "disable_weighted_vote": True}
    some = {"n_models": 3, "leaf_prediction": "mean", "max_features": 3,
            "aggregation_method": "mean"}
    nervous = {"n_models": 4, "leaf_prediction": "model", "max_features": 0.5,
               "lambda_value": 3, "drift_detector": {"ADWIN": {"delta": 0.2}},
               "warning_detector": {"ADWIN": {"delta": 0.4}}}
    return [
        case("phishing", "arfc", "binary", arfc()),
        case("phishing", "arfc-few", "binary", arfc(**few, max_features=3)),
        case("bananas", "arfc", "binary", arfc(n_models=3, leaf_prediction="nb")),
        case("image_segments", "arfc", "proba", arfc(n_models=3)),
        case("trump_approval", "arfr", "regression", arfr()),
        case("trump_approval", "arfr-few", "regression", arfr(**some)),
        case("trump_approval", "arfr-nervous", "regression", arfr(**nervous)),
    ]


def adaptive_trees() -> list[Case]:
    quick = {"grace_period": 50, "delta": 0.01}
    nervous = {**quick, "drift_window_threshold": 20, "drift_detector": {"ADWIN": {"delta": 0.3}}}
    pages = {"PageHinkley": {"threshold": 5.0, "min_instances": 20}}
    phishing: dict[str, Any] = {
        "hatc": hatc(),
        "hatc-quick": hatc(**quick, bootstrap_sampling=False),
        "hatc-nervous": hatc(**nervous),
    }
    bananas: dict[str, Any] = {
        "hatc": hatc(**quick),
        "hatc-nervous": hatc(**nervous, max_depth=4),
        "hatc-mc": hatc(**nervous, leaf_prediction="mc", switch_significance=0.5),
        "hatc-pages": hatc(**quick, leaf_prediction="nb", drift_detector=pages),
    }
    segments: dict[str, Any] = {
        "hatc": hatc(**quick),
        "hatc-nervous": hatc(**nervous, switch_significance=0.3),
    }
    trump: dict[str, Any] = {
        "hatr": [SCALER, hatr()],
        "hatr-quick": [SCALER, hatr(**quick, model_selector_decay=0.8)],
        "hatr-nervous": [SCALER, hatr(**nervous)],
        "hatr-mean": hatr(**nervous, leaf_prediction="mean", bootstrap_sampling=False),
        "hatr-model": [SCALER, hatr(**nervous, leaf_prediction="model", switch_significance=0.5)],
    }
    return [
        *(case("phishing", k, "binary", spec) for k, spec in phishing.items()),
        *(case("bananas", k, "binary", spec) for k, spec in bananas.items()),
        *(case("image_segments", k, "proba", spec) for k, spec in segments.items()),
        *(case("trump_approval", k, "regression", spec) for k, spec in trump.items()),
    ]


def trees() -> list[Case]:
    quick = {"grace_period": 50, "delta": 0.01}
    nominal = ["https", "is_popular", "ip_in_url", "long_url", "popup_window"]
    phishing: dict[str, Any] = {
        "htc": htc(),
        "htc-quick": htc(**quick),
        "htc-mc-gini": htc(**quick, leaf_prediction="mc", split_criterion="gini"),
        "htc-nb-hellinger": htc(**quick, leaf_prediction="nb", split_criterion="hellinger"),
        "htc-nominal": htc(**quick, nominal_attributes=nominal),
        "htc-nominal-binary": htc(**quick, nominal_attributes=nominal, binary_split=True),
        "htc-poor": htc(**quick, leaf_prediction="mc", remove_poor_attrs=True),
        "htc-no-preprune": htc(**quick, merit_preprune=False, max_depth=2),
        "htc-stop": htc(**quick, stop_mem_management=True, max_depth=3, nb_threshold=20),
    }
    absent: dict[str, Any] = {
        "htc": htc(**quick),
        "htc-nominal": htc(**quick, nominal_attributes=nominal, leaf_prediction="nb"),
    }
    bananas: dict[str, Any] = {
        "htc": htc(),
        "htc-quick": htc(**quick),
        "htc-n-splits": htc(**quick, splitter={"GaussianSplitter": {"n_splits": 25}}),
        # Naive Bayes over counts finds classes equal but for the last bit, so not `nba`.
        "htc-histogram": htc(
            **quick, splitter={"HistogramSplitter": {"n_bins": 64}}, leaf_prediction="nb"
        ),
        "htc-exhaustive": htc(grace_period=300, splitter="ExhaustiveSplitter"),
        "htc-share": htc(grace_period=20, delta=0.1, tau=0.1, max_share_to_split=0.8),
        "htc-scaled": [SCALER, htc(**quick)],
    }
    segments: dict[str, Any] = {
        "htc": htc(),
        "htc-quick": htc(**quick, max_depth=4),
        "htc-histogram": htc(**quick, splitter="HistogramSplitter"),
        "htc-exhaustive": htc(**quick, splitter="ExhaustiveSplitter", max_depth=3),
        "htc-gini": htc(**quick, split_criterion="gini", leaf_prediction="mc"),
    }
    quantized = {"QOSplitter": {"radius": 0.5}}
    slots = {"QOSplitter": {"radius": 1.0, "allow_multiway_splits": True}}
    trump: dict[str, Any] = {
        "htr": [SCALER, htr(grace_period=100, model_selector_decay=0.9)],
        "htr-default": [SCALER, htr()],
        "htr-quick": [SCALER, htr(**quick)],
        "htr-mean": htr(**quick, leaf_prediction="mean"),
        "htr-model": [SCALER, htr(**quick, leaf_prediction="model", max_depth=3)],
        "htr-pa": [SCALER, htr(**quick, leaf_model={"PARegressor": {"mode": 2, "eps": 0.1}})],
        "htr-tebst": htr(
            **quick, leaf_prediction="mean", splitter={"TEBSTSplitter": {"digits": 3}}
        ),
        "htr-ebst": htr(**quick, leaf_prediction="mean", splitter="EBSTSplitter", tau=0.1),
        "htr-qo": [SCALER, htr(**quick, splitter=quantized, leaf_prediction="mean")],
        "htr-qo-multiway": htr(**quick, splitter=slots, leaf_prediction="mean", max_depth=2),
        "htr-poor": [SCALER, htr(**quick, remove_poor_attrs=True, min_samples_split=20)],
        "htr-nominal": [
            {"Discard": {"keys": ["ordinal_date"]}},
            htr(**quick, leaf_prediction="mean", nominal_attributes=["gallup", "ipsos"]),
        ],
        "htr-no-preprune": [SCALER, htr(grace_period=30, delta=0.1, merit_preprune=False)],
    }
    return [
        *(case("phishing", k, "binary", spec) for k, spec in phishing.items()),
        *(case("phishing-absent", k, "binary", spec) for k, spec in absent.items()),
        *(case("bananas", k, "binary", spec) for k, spec in bananas.items()),
        *(case("image_segments", k, "proba", spec) for k, spec in segments.items()),
        *(case("trump_approval", k, "regression", spec) for k, spec in trump.items()),
    ]


def all_cases() -> list[Case]:
    return [
        *phishing_linear(),
        *phishing_preprocessing(),
        *phishing_compose(),
        *bananas(),
        *image_segments(),
        *trump_approval(),
        *forests(),
        *tweets(),
        *trees(),
        *adaptive_trees(),
        *adaptive_forests(),
    ]
