-- A million rows of COYO-700M's schema, spread like the published means, in coyo-1m/part-0.parquet (DuckDB's SQL)
COPY (SELECT range AS id, 'https://images.example.org/' || hash(range) || '/' || range || '.jpg' AS url,
    repeat('word ', (3 + hash(range + 1) % 16)::BIGINT) AS "text", (200 + hash(range + 2) % 900)::INTEGER AS width,
    (200 + hash(range + 3) % 800)::INTEGER AS height, printf('%016x', hash(hash(range + 4) % 776000)::HUGEINT::VARCHAR::UBIGINT) AS image_phash,
    (5 * (3 + hash(range + 1) % 16))::INTEGER AS text_length, (3 + hash(range + 1) % 16)::INTEGER AS word_count,
    16::INTEGER AS num_tokens_bert, 17::INTEGER AS num_tokens_gpt, (hash(range + 5) % 3)::INTEGER AS num_faces,
    (0.18 + 0.22 * (hash(range + 6) % 1000) / 1000)::FLOAT AS clip_similarity_vitb32, 0.25::FLOAT AS clip_similarity_vitl14,
    (0.026 * (hash(range + 7) % 1000) / 1000)::FLOAT AS nsfw_score_opennsfw2, (0.1 * (hash(range + 8) % 1000) / 1000)::FLOAT AS nsfw_score_gantman,
    (0.36 * (hash(range + 9) % 1000) / 1000)::FLOAT AS watermark_score, (3.8 + 2.0 * (hash(range + 10) % 1000) / 1000)::FLOAT AS aesthetic_score_laion_v2
    FROM range(1000000)) TO 'coyo-1m/part-0.parquet' (FORMAT parquet, COMPRESSION snappy);
