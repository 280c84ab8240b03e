"""The Python half of vector-tables.ts: `vector_tables.py FOLDER` reads the Parquet files there."""
import json
import sys
import traceback
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2] / "fixtures"))


def read(folder):
    import duckdb
    import numpy as np
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq
    from hashed_values import hashed_values

    rows, dim = 5000, 12
    expected = np.array(hashed_values("vectors", rows * dim), dtype=np.float32).reshape(rows, dim)
    names = [f"ж/図 {row}.jpg" for row in range(rows)]
    path = folder / "vectors.parquet"
    assert pq.read_schema(path).field("vector").type.value_type == pa.float32()
    table = pd.read_parquet(path)
    assert list(table.columns) == ["path", "vector"] and list(table["path"]) == names
    vectors = np.stack(table["vector"].to_numpy())
    assert vectors.dtype == np.float32 and vectors.shape == (rows, dim)
    answer = {"pandas": {"largest difference": float(np.abs(vectors - expected).max())}}

    # The nearest pictures to one, as docs/index-search.md asks for them.
    found = duckdb.sql(
        f"""SELECT b.path, list_cosine_similarity(a.vector, b.vector) AS similarity
        FROM '{path}' a, '{path}' b WHERE a.path = '{names[7]}' ORDER BY similarity DESC LIMIT 3"""
    ).fetchall()
    units = expected / np.linalg.norm(expected, axis=1, keepdims=True)
    similarities = units @ units[7]
    order = np.argsort(-similarities)[:3]
    assert [row[0] for row in found] == [names[row] for row in order], found
    answer["duckdb"] = {"similarity": float(np.abs([row[1] for row in found] - similarities[order]).max())}

    [segment] = [each for each in folder.glob("*.parquet") if each != path]
    table = pd.read_parquet(segment)
    vectors = np.frombuffer(b"".join(table["vector"]), dtype="<f4").reshape(rows, dim)
    assert list(table["path"]) == names and table["size"].tolist() == list(range(rows))
    assert table["hash"][255].hex().endswith("00ff"), table["hash"][255]
    answer["segment"] = {"largest difference": float(np.abs(vectors - expected).max())}
    return answer


def main():
    folder = Path(sys.argv[1])
    try:
        answer = read(folder)
    except ImportError as error:
        answer = {"skipped": str(error)}
    except Exception:
        answer = {"failed": traceback.format_exc()}
    (folder / "answers.json").write_text(json.dumps(answer))


main()
